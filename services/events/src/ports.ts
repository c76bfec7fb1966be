import type { Tx } from '@scaivault/db';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { IncomingEvent } from './domain/incoming-event.ts';
import type { Listener } from './domain/listener.ts';
import type { Match, Place } from './domain/match-listeners.ts';

/** Whoever listens, webhooks and subscriptions alike. */
export interface ListenerStore {
  /** Active ones of these tenants and of all tenants of these partners whose `events` hold one of the names. */
  find(
    audience: { readonly scopes: readonly ScopeId[]; readonly partners: readonly PartnerId[] },
    names: readonly string[],
  ): Promise<readonly Listener[]>;
  /** Scopes in which somebody active listens to `secret.accessed`, those of at most so many tenants. */
  findAccessScopes(most: number): Promise<readonly ScopeId[]>;
  /** Adds a listener, or writes it anew; an inactive one hears nothing. */
  put(tx: Tx, listener: Listener, isActive: boolean): Promise<void>;
  setActive(tx: Tx, scopeId: ScopeId, id: string, isActive: boolean): Promise<void>;
  /** Removes it, and with it every row that refers to it. */
  remove(tx: Tx, scopeId: ScopeId, id: string): Promise<void>;
}

/** What happened and is listened to. */
export interface EventStore {
  /** Adds events for a tenant of that partner that are not there yet; the ids of those that were new. */
  add(tx: Tx, scopeId: ScopeId, partnerId: PartnerId, events: readonly IncomingEvent[]): Promise<ReadonlySet<string>>;
  /** Removes at most so many events that came before that time, with all that refers to them; how many. */
  forget(beforeMicros: number, most: number): Promise<number>;
}

/**
 * Writes what is to be handed to the listeners of one kind, in the transaction in which their events are stored: all
 * matches of one tenant in a batch, in the order the events came. It is called once for an event, however often that comes.
 */
export type AddTargets = (tx: Tx, scopeId: ScopeId, matches: readonly Match[]) => Promise<void>;

/** The tenant of this scope; undefined for one that is not known or deleted. 503 `service_unavailable` when nobody can tell. */
export type FindPlace = (scopeId: ScopeId) => Promise<Place | undefined>;

/** Transactions whose scope changes on the way, because events come for many tenants at once. */
export interface Transactions {
  run<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** From here on row-level security shows this tenant's rows. */
  enter(tx: Tx, scopeId: ScopeId): Promise<void>;
}
