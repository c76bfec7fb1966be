import type { Tx } from '@scaivault/db';
import { addEvents } from '@scaivault/outbox';
import type { ScopeId } from '@scaivault/tenancy';
import type { PolicyEvent } from '../domain/policy-events.ts';

/** Writes down what happens to a policy that is locked in this transaction, or to a binding of it. */
export const tellEvent = (tx: Tx, scopeId: ScopeId, event: PolicyEvent): void =>
  addEvents(tx, [{ ...event, scopeId, path: null, secret: null }]);
