import type { Tx } from '@scaivault/db';
import { addEvents, type NewEvent } from '@scaivault/outbox';
import { isPartnerScopeId, policyPathOf, type ScopeId, type SecretPath } from '@scaivault/tenancy';
import type { SecretEvent } from '../domain/secret-events.ts';

/** An event with where its secret lies. */
export const placeEvent = (owner: ScopeId, path: SecretPath, event: SecretEvent): NewEvent => ({
  ...event,
  scopeId: owner,
  path: policyPathOf({ kind: isPartnerScopeId(owner) ? 'partner' : 'tenant' }, path),
});

/** Writes down what happens to secrets whose rows are locked in this transaction. */
export const tellEvents = (
  tx: Tx,
  owner: ScopeId,
  secrets: readonly { readonly path: SecretPath; readonly events: readonly SecretEvent[] }[],
): void =>
  addEvents(
    tx,
    secrets.flatMap(({ path, events }) => events.map((event) => placeEvent(owner, path, event))),
  );
