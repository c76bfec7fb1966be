import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  ExchangeTokenResponseSchema,
  type IntrospectTokenResponse,
  IntrospectTokenResponseSchema,
  type TokenService,
} from '@scaivault/contracts/identity/v1/tokens';
import { callerOf, callOf, noteForAudit } from '@scaivault/pipeline';
import { type InputChecks, timestampOf } from '@scaivault/runtime';
import type { ExchangedToken, ExchangeToken } from '../app/exchange-token.ts';
import type { ActiveToken, IntrospectToken } from '../app/introspect-token.ts';
import { readExchange } from './read-exchange.ts';

const encodeActive = ({ token, identity }: ActiveToken): IntrospectTokenResponse =>
  create(IntrospectTokenResponseSchema, {
    active: true,
    identityId: identity.identityId,
    identityType: identity.identityType,
    ...(token.tenantId === null ? {} : { tenantId: token.tenantId }),
    scopes: new TextEncoder().encode(JSON.stringify([...token.scopes].sort())),
    expiresAt: timestampOf(token.expiresAtMs * 1000),
    ...(token.issuedAtMs === null ? {} : { issuedAt: timestampOf(token.issuedAtMs * 1000) }),
  });

const encodeExchanged = ({ minted, narrowerScope }: ExchangedToken) =>
  create(ExchangeTokenResponseSchema, {
    accessToken: minted.accessToken,
    issuedTokenType: minted.issuedTokenType,
    tokenType: 'Bearer',
    expiresIn: minted.expiresInSeconds,
    ...(narrowerScope === undefined ? {} : { scope: narrowerScope }),
  });

/** Whose deed an exchange is: that of the identity the new token speaks for. */
const subjectOf = ({ content }: ExchangedToken) =>
  content.tenantId === null
    ? undefined
    : {
        tenantId: content.tenantId,
        identityType: content.identityType,
        identityId: content.claimedIdentityId,
      };

/** Whether raw fields are sound is for this service to say, before anybody is asked anything. */
export const tokenInputChecks: InputChecks<typeof TokenService> = {
  exchangeToken: (request) => {
    readExchange(request);
  },
};

/** Tokens over the wire (rest-api-core 2.2). */
export const createTokenService = ({
  introspectToken,
  exchangeToken,
}: {
  readonly introspectToken: IntrospectToken;
  readonly exchangeToken: ExchangeToken;
}): ServiceImpl<typeof TokenService> => ({
  introspectToken: async ({ token }, context) => {
    const found = await introspectToken(callerOf(context), token);
    noteForAudit(context, { active: found !== undefined, ...(found && { identity_id: found.identity.identityId }) });
    return found === undefined ? create(IntrospectTokenResponseSchema, { active: false }) : encodeActive(found);
  },

  exchangeToken: async (request, context) => {
    const exchanged = await exchangeToken(readExchange(request));
    const answer = encodeExchanged(exchanged);
    const subject = subjectOf(exchanged);
    if (subject === undefined) return answer;
    noteForAudit(context, {
      actor_id: exchanged.content.actorId,
      allowed_paths: exchanged.content.allowedPaths?.map(({ pattern }) => pattern) ?? null,
    });
    // The token exists by now; it leaves only with its record.
    return await callOf(context).audited(subject, () => Promise.resolve(answer));
  },
});
