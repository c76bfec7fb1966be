import type { FastifyInstance } from 'fastify';
import type { EmulatorContext } from '../emulator-context.ts';
import type { Trust } from '../exchange-token.ts';

const text = { type: 'string', minLength: 1, maxLength: 2048 } as const;

const trustSchema = {
  type: 'object',
  required: ['issuer', 'jwks', 'mappings'],
  additionalProperties: false,
  properties: {
    issuer: text,
    jwks: { type: 'object', required: ['keys'], properties: { keys: { type: 'array' } } },
    mappings: {
      type: 'array',
      items: {
        type: 'object',
        required: ['subject', 'role'],
        additionalProperties: false,
        properties: { subject: text, role: text },
      },
    },
  },
} as const;

/** `/_dev/trusts`: POST trusts one more foreign issuer (or replaces it), DELETE forgets them all. */
export const registerTrusts = (app: FastifyInstance, { trusts }: Pick<EmulatorContext, 'trusts'>): void => {
  app.post<{ Body: Trust }>('/_dev/trusts', { schema: { body: trustSchema } }, async ({ body }, reply) => {
    const index = trusts.findIndex(({ issuer }) => issuer === body.issuer);
    trusts.splice(index < 0 ? trusts.length : index, 1, body);
    return reply.code(201).send({ issuer: body.issuer });
  });
  app.delete('/_dev/trusts', async (_request, reply) => {
    trusts.length = 0;
    return reply.code(204).send();
  });
};
