import type { Tx } from '@scaivault/db';
import { type PartnerId, type ScopeId, scopeId } from '@scaivault/tenancy';
import { namesOf } from '../domain/event-names.ts';
import type { IncomingEvent } from '../domain/incoming-event.ts';
import type { Listener, ListenerKind } from '../domain/listener.ts';
import { type Match, matchListeners, type Place } from '../domain/match-listeners.ts';
import type { AddTargets, EventStore, FindPlace, ListenerStore, Transactions } from '../ports.ts';

/** What one tenant gets of a batch. */
interface Share {
  readonly scopeId: ScopeId;
  readonly place: Place;
  readonly matches: readonly Match[];
}

const audienceOf = (
  events: readonly IncomingEvent[],
): { readonly scopes: readonly ScopeId[]; readonly partners: readonly PartnerId[] } => {
  const scopes = events.flatMap(({ audience }) => (audience.kind === 'tenant' ? [scopeId(audience)] : []));
  const partners = events.flatMap(({ audience }) => (audience.kind === 'partner' ? [audience.partnerId] : []));
  return { scopes: [...new Set(scopes)], partners: [...new Set(partners)] };
};

/**
 * Takes what an outbox ships, for all who listen; resolves when it is committed, all of it or nothing. What nobody listens
 * to is not kept, and what was given out before is not given out again.
 */
export const createTakeEvents = ({
  listeners,
  events: store,
  findPlace,
  transactions,
  targets,
}: {
  readonly listeners: Pick<ListenerStore, 'find'>;
  readonly events: Pick<EventStore, 'add'>;
  readonly findPlace: FindPlace;
  readonly transactions: Transactions;
  readonly targets: Readonly<Record<ListenerKind, AddTargets>>;
}) => {
  const shareOf = async (
    events: readonly IncomingEvent[],
    tenant: ScopeId,
    ofTenant: readonly Listener[],
  ): Promise<readonly Share[]> => {
    // Asked anew: a listener may be older than its tenant's present partner.
    const place = await findPlace(tenant);
    const matches = place === undefined ? [] : matchListeners(events, place, ofTenant);
    return place === undefined || matches.length === 0 ? [] : [{ scopeId: tenant, place, matches }];
  };

  const giveOut = async (tx: Tx, { scopeId: tenant, place, matches }: Share): Promise<void> => {
    await transactions.enter(tx, tenant);
    const fresh = await store.add(tx, tenant, place.partnerId, [...new Set(matches.map(({ event }) => event))]);
    const kept = Map.groupBy(
      matches.filter(({ event }) => fresh.has(event.id)),
      ({ listener }) => listener.kind,
    );
    for (const [kind, ofKind] of kept) await targets[kind](tx, tenant, ofKind);
  };

  return async (incoming: readonly IncomingEvent[]): Promise<void> => {
    const events = [...new Map(incoming.map((event) => [event.id, event])).values()];
    const names = [...new Set(events.flatMap(({ type }) => namesOf(type)))];
    const found = Map.groupBy(await listeners.find(audienceOf(events), names), (listener) => listener.scopeId);
    const tenants = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const shares = (await Promise.all(tenants.map(([tenant, ofTenant]) => shareOf(events, tenant, ofTenant)))).flat();
    if (shares.length === 0) return;
    await transactions.run(async (tx) => {
      // One after the other, in the order of their ids, so that two batches never wait for each other in a ring.
      for (const share of shares) await giveOut(tx, share);
    });
  };
};

export type TakeEvents = ReturnType<typeof createTakeEvents>;
