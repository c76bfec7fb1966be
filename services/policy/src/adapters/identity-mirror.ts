import type { Transport } from '@connectrpc/connect';
import { IdentityFeedService, type LookupIdentityResponse } from '@scaivault/contracts/identity/v1/identity';
import { VaultError } from '@scaivault/errors';
import { createClient } from '@scaivault/runtime';
import type { BoundType } from '../domain/binding.ts';
import type { IdentityMirror, KnownIdentity } from '../ports.ts';

/** A lookup is one read of one row; a client waits for it. */
const timeoutMs = 3_000;

const isBoundType = (text: string): text is BoundType =>
  text === 'user' || text === 'service_account' || text === 'group';

const unavailable = (cause: unknown): VaultError =>
  new VaultError('service_unavailable', 'The directory of identities is not available at the moment.', {
    cause,
    retryAfterSeconds: 1,
  });

const identityOf = (
  { found, identity }: LookupIdentityResponse,
  wanted: BoundType | undefined,
): KnownIdentity | undefined => {
  if (!found || identity === undefined || identity.status === 'DELETED') return undefined;
  const { identityType, subjectId, identityId, groups, roles } = identity;
  // To pin a binding to the wrong subject would give it to somebody else.
  if (!isBoundType(identityType) || subjectId === '' || (wanted !== undefined && identityType !== wanted)) {
    throw unavailable(new Error(`identity-sync answered with an identity of type "${identityType.slice(0, 32)}".`));
  }
  return {
    subjectId,
    identityType,
    identityId,
    groups: groups.map((group) => ({ subjectId: group.subjectId || null, identityId: group.identityId })),
    roles,
  };
};

/** Asks identity-sync. */
export const createIdentityMirror = (transport: Transport): IdentityMirror => {
  const client = createClient(IdentityFeedService, transport);
  return {
    lookup: async (tenantId, identityType, identityId) => {
      const request = { tenantId, identityType: identityType ?? '', identityId };
      const answer = await client.lookupIdentity(request, { timeoutMs }).catch((error: unknown) => {
        throw unavailable(error);
      });
      return identityOf(answer, identityType);
    },
  };
};
