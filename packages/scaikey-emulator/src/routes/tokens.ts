import type { FastifyInstance } from 'fastify';
import type { EmulatorContext } from '../emulator-context.ts';
import { type HostileTokenRequest, mintHostileToken, tokenDefects } from '../hostile-token.ts';
import { generateKeys, signingAlgorithms } from '../signing-keys.ts';
import { type TokenRequest, tokenRequestSchema } from '../token-request.ts';

const hostileTokenSchema = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    token: tokenRequestSchema,
    claims: { type: 'object' },
    header: { type: 'object' },
    alg: { enum: signingAlgorithms },
    defects: { type: 'array', items: { enum: tokenDefects } },
  },
} as const;

const rotateSchema = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: { retire: { type: 'boolean' } },
} as const;

type DevTokenRequest = TokenRequest & { readonly type?: 'jwt' | 'pat' };

const devTokenSchema = {
  ...tokenRequestSchema,
  properties: { ...tokenRequestSchema.properties, type: { enum: ['jwt', 'pat'] } },
} as const;

/** Tokens for whoever asks, good (`/dev/token`, `skt_`) and bad (`:mint`), and new signing keys. */
export const registerTokens = (
  app: FastifyInstance,
  { state, save, tokens }: Pick<EmulatorContext, 'state' | 'save' | 'tokens'>,
): void => {
  app.post<{ Body: DevTokenRequest }>('/dev/token', { schema: { body: devTokenSchema } }, ({ body }) => {
    const { type, ...request } = body;
    return type === 'pat' ? tokens.createPersonalToken(request) : tokens.mintToken(request);
  });
  app.post<{ Body: TokenRequest }>('/_dev/tokens', { schema: { body: tokenRequestSchema } }, async ({ body }, reply) =>
    reply.code(201).send(await tokens.createPersonalToken(body)),
  );
  app.delete<{ Params: { id: string } }>('/_dev/tokens/:id', async ({ params }, reply) => {
    await tokens.revokePersonalToken(params.id);
    return reply.code(204).send();
  });
  app.post<{ Body: HostileTokenRequest | null }>(
    '/_dev/tokens::mint',
    { schema: { body: hostileTokenSchema } },
    async ({ body }) => ({
      access_token: await mintHostileToken(body ?? {}, { keys: state.keys, claimsFor: tokens.claimsFor }),
      token_type: 'Bearer',
    }),
  );
  app.post<{ Body: { retire?: boolean } | null }>(
    '/_dev/keys::rotate',
    { schema: { body: rotateSchema } },
    async ({ body }) => {
      const fresh = await generateKeys();
      // Retired keys leave the key set at once, so that tokens signed by them stop verifying.
      state.keys = body?.retire ? fresh : [...state.keys, ...fresh];
      await save();
      return { kids: fresh.map(({ alg, kid }) => ({ alg, kid })) };
    },
  );
};
