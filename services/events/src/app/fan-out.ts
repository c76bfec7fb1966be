import type { Tx } from '@scaivault/db';
import { type PartnerId, type ScopeId, scopeId, tenantScope } from '@scaivault/tenancy';
import { namesOf } from '../domain/event-names.ts';
import type { IncomingEvent } from '../domain/incoming-event.ts';
import type { ListenerKind } from '../domain/listener.ts';
import { type Match, matchListeners } from '../domain/match-listeners.ts';
import type { AddTargets, EventStore, ListenerStore, Transactions } from '../ports.ts';

export type FanOut = (tx: Tx, events: readonly IncomingEvent[]) => Promise<void>;

const audienceOf = (
  events: readonly IncomingEvent[],
): { readonly scopes: readonly ScopeId[]; readonly partners: readonly PartnerId[] } => {
  const scopes = events.flatMap(({ tenantId, partnerId }) =>
    tenantId === null ? [] : [scopeId(tenantScope(tenantId, partnerId))],
  );
  const partners = events.flatMap(({ tenantId, partnerId }) => (tenantId === null ? [partnerId] : []));
  return { scopes: [...new Set(scopes)], partners: [...new Set(partners)] };
};

/**
 * Gives events to all who listen, inside `tx`, which is in the scope of no tenant in particular afterwards. What nobody
 * listens to is not kept, and what was given out before is not given out again.
 */
export const createFanOut = ({
  listeners,
  events: store,
  transactions,
  targets,
}: {
  readonly listeners: Pick<ListenerStore, 'find'>;
  readonly events: Pick<EventStore, 'add'>;
  readonly transactions: Pick<Transactions, 'enter'>;
  readonly targets: Readonly<Record<ListenerKind, AddTargets>>;
}): FanOut => {
  const giveOut = async (tx: Tx, tenant: ScopeId, matches: readonly Match[]): Promise<void> => {
    await transactions.enter(tx, tenant);
    const fresh = await store.add(tx, tenant, [...new Set(matches.map(({ event }) => event))]);
    const kept = Map.groupBy(
      matches.filter(({ event }) => fresh.has(event.id)),
      ({ listener }) => listener.kind,
    );
    for (const [kind, ofKind] of kept) await targets[kind](tx, tenant, ofKind);
  };

  return async (tx, incoming) => {
    const events = [...new Map(incoming.map((event) => [event.id, event])).values()];
    const names = [...new Set(events.flatMap(({ type }) => namesOf(type)))];
    const found = await listeners.find(tx, audienceOf(events), names);
    for (const [tenant, matches] of matchListeners(events, found)) await giveOut(tx, tenant, matches);
  };
};
