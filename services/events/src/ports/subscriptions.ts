import type { Tx } from '@scaivault/db';
import type { Once } from '@scaivault/pipeline';
import type { Scope, ScopeId } from '@scaivault/tenancy';
import type { Owner, Subscription } from '../domain/subscriptions/subscription.ts';
import type { AddTargets } from '../ports.ts';
import type { EndpointChanges, SealedSecret } from './deliveries.ts';

export type TenantScope = Extract<Scope, { readonly kind: 'tenant' }>;

export interface SubscriptionStore {
  /** In the order of their ids, from behind `after` on: those of one owner, or everybody's. */
  list(
    scopeId: ScopeId,
    page: { readonly owner: Owner | undefined; readonly after: string; readonly limit: number },
  ): Promise<readonly Subscription[]>;
  /** Those of one turn and tenant cross together. */
  find(scopeId: ScopeId, id: string): Promise<Subscription | undefined>;
  /** Adds a subscription; false when its owner has `most` already. Two at once cannot exceed them either. */
  insert(
    scope: TenantScope,
    added: { readonly subscription: Subscription; readonly secret: SealedSecret | undefined },
    most: number,
    once: Once | undefined,
  ): Promise<boolean>;
  /**
   * Writes what `edit` makes of it, holding it meanwhile; what `edit` throws changes nothing. With a new signing secret, where
   * it has one. Undefined: no such row.
   */
  change(
    scope: TenantScope,
    id: string,
    edit: (present: Subscription) => Subscription,
    secret: EndpointChanges['secret'],
  ): Promise<Subscription | undefined>;
  /** Too many deliveries have failed: it hears nothing more until its owner sets it active again. */
  disable(tx: Tx, scopeId: ScopeId, id: string): Promise<void>;
  /** Removes it with all that waits, and ends its polls; false when there is none. */
  remove(scopeId: ScopeId, id: string): Promise<boolean>;
}

/** An event in a buffer. */
export interface BufferedEvent {
  /** Rises with every event of the subscription, in the order of the commits. */
  readonly place: number;
  readonly id: string;
  readonly type: string;
  readonly path: string | null;
  /** The envelope. */
  readonly body: string;
}

/** Part of a buffer, and the state of the whole at the same moment. */
export interface BufferSlice {
  /** The oldest first. */
  readonly events: readonly BufferedEvent[];
  /** Place of the newest event, ever. */
  readonly newest: number;
  /** Events lost since the last acknowledgement, and how many of them a poll has told of. */
  readonly dropped: number;
  readonly droppedTold: number;
}

/** Where a slice begins. */
export interface SliceRequest {
  readonly id: string;
  readonly after: number;
  /**
   * Behind this event as well; '' for none. One that waits, or was the last to be acknowledged, means its place; of one
   * that is known no more, ids are compared, which sort by the time it was made.
   */
  readonly since: string;
  readonly most: number;
}

/** A poll that waits: for which place and under which number. */
export interface Waiting {
  readonly scopeId: ScopeId;
  readonly id: string;
  readonly place: number;
  readonly number: number;
}

/** That a buffer has something newer, or a newer poll. */
export interface PollNews {
  readonly id: string;
  readonly newest: number;
  readonly number: number;
}

/** The events that wait to be fetched. */
export interface BufferStore {
  /** Buffers events for those subscriptions that are polled, drops what they have no room for, and wakes their polls. */
  readonly add: AddTargets;
  /** The number of a new poll, which ends all earlier ones in whatever process; undefined when there is no such buffer. */
  beginPoll(scopeId: ScopeId, id: string): Promise<number | undefined>;
  /** Undefined when there is no such buffer any more. Reads of one turn and tenant cross together. */
  read(scopeId: ScopeId, request: SliceRequest): Promise<BufferSlice | undefined>;
  /** Remembers that a poll tells of so many lost events. */
  noteTold(scopeId: ScopeId, id: string, dropped: number): Promise<void>;
  /** Removes events, and counts as known what polls have told of lost ones; how many were there. */
  acknowledge(scopeId: ScopeId, id: string, eventIds: readonly string[]): Promise<number>;
  /** Which of these polls have missed something, in any tenants. */
  findNews(waits: readonly Waiting[]): Promise<readonly PollNews[]>;
  /** Lets go of what has waited for seven days, in up to `most` buffers; how many it was. */
  expire(most: number): Promise<number>;
}
