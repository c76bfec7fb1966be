import type { Tx } from '@scaivault/db';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { IncomingEvent } from './domain/incoming-event.ts';
import type { Listener } from './domain/listener.ts';
import type { Match } from './domain/match-listeners.ts';

/** Whoever listens, webhooks and subscriptions alike. */
export interface ListenerStore {
  /** Active ones of these tenants and of all tenants of these partners whose `events` hold one of the names. */
  find(
    tx: Tx,
    audience: { readonly scopes: readonly ScopeId[]; readonly partners: readonly PartnerId[] },
    names: readonly string[],
  ): Promise<readonly Listener[]>;
  /** Adds a listener, or writes it anew; an inactive one hears nothing. */
  put(tx: Tx, listener: Listener, isActive: boolean): Promise<void>;
  setActive(tx: Tx, scopeId: ScopeId, id: string, isActive: boolean): Promise<void>;
  /** Removes it, and with it every row that refers to it. */
  remove(tx: Tx, scopeId: ScopeId, id: string): Promise<void>;
}

/** What happened and is listened to. */
export interface EventStore {
  /** Adds events of a tenant that are not there yet; the ids of those that were new. */
  add(tx: Tx, scopeId: ScopeId, events: readonly IncomingEvent[]): Promise<ReadonlySet<string>>;
  /** Removes at most so many events that came before that time, with all that refers to them; how many. */
  forget(beforeMicros: number, most: number): Promise<number>;
}

/**
 * Writes what is to be handed to the listeners of one kind, in the transaction in which their events are stored: all
 * matches of one tenant in a batch, in the order the events came. It is called once for an event, however often that comes.
 */
export type AddTargets = (tx: Tx, scopeId: ScopeId, matches: readonly Match[]) => Promise<void>;

/** Transactions whose scope changes on the way, because events come for many tenants at once. */
export interface Transactions {
  run<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** From here on row-level security shows this tenant's rows. */
  enter(tx: Tx, scopeId: ScopeId): Promise<void>;
}
