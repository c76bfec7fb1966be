import type { Tx } from '@scaivault/db';
import type { Once, SealedContent } from '@scaivault/pipeline';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { AttemptError, AttemptOutcome, DeliveryStatus } from '../domain/deliveries/attempt.ts';
import type { Claim, Delivery, EndpointPlace, Parcel } from '../domain/deliveries/delivery.ts';
import type { SigningSecrets } from '../domain/deliveries/sign-delivery.ts';

/** A signing secret at rest. */
export type SealedSecret = SealedContent;

export interface SealedSecrets {
  readonly current: SealedSecret;
  readonly previous: SealedSecret | undefined;
}

/** Encrypts signing secrets under the tenant's key; both end in 503 while that cannot be had, and belong before a transaction. */
export interface SecretBox {
  seal(place: EndpointPlace, partnerId: PartnerId, secret: string): Promise<SealedSecret>;
  open(place: EndpointPlace, partnerId: PartnerId, sealed: SealedSecrets): Promise<SigningSecrets>;
}

/** An endpoint as it is written down; every call is part of a transaction of the endpoint's owner. */
export interface EndpointStore {
  add(tx: Tx, endpoint: NewEndpoint): Promise<void>;
  /** False when there is none. A disabled one gives up what waits; an enabled one has no failures behind it. */
  change(tx: Tx, place: EndpointPlace, changes: EndpointChanges): Promise<boolean>;
  /** Its deliveries can be seen no more, and go with it in batches. */
  remove(tx: Tx, place: EndpointPlace): Promise<void>;
}

export interface NewEndpoint extends EndpointPlace {
  readonly partnerId: PartnerId;
  readonly url: string;
  readonly isEnabled: boolean;
  readonly secret: SealedSecret;
}

export interface EndpointChanges {
  readonly url?: string | undefined;
  readonly isEnabled?: boolean | undefined;
  /** In the place of the present one, which goes on beside it for so long. */
  readonly secret?: { readonly sealed: SealedSecret; readonly previousForMs: number } | undefined;
}

export interface NewDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
}

/** What an attempt leads to. */
export interface AttemptResult {
  readonly outcome: AttemptOutcome;
  readonly status: DeliveryStatus;
  /** Until the next attempt; undefined when none follows. */
  readonly pauseMs: number | undefined;
}

/** An endpoint that has just been disabled for its failures. */
export interface Disabling extends EndpointPlace {
  readonly partnerId: PartnerId;
  readonly consecutiveFailures: number;
  readonly lastResponseCode: number | null;
}

/** Ends with the endpoint what belongs to it, in the same transaction. */
export type Disable = (tx: Tx, disabling: Disabling) => Promise<void>;

export interface DeliveryStore {
  /** Adds deliveries that are due at once, to those of the endpoints that are enabled. */
  add(tx: Tx, scopeId: ScopeId, deliveries: readonly NewDelivery[]): Promise<void>;
  /** Up to `most` deliveries of any tenant, of endpoints that keep up or of the others. */
  claim(isQuick: boolean, most: number): Promise<readonly Claim[]>;
  /** Milliseconds until the next one is due; undefined when none waits. */
  nextDueInMs(): Promise<number | undefined>;
  /** What a claimed delivery needs; undefined when it is ours no more. */
  open(claim: Claim): Promise<{ readonly parcel: Parcel; readonly secrets: SealedSecrets } | undefined>;
  /**
   * Writes down how the attempt went, unless somebody else has claimed the delivery meanwhile; false then. `disable`
   * comes last in the same transaction, when that was one failure too many.
   */
  record(claim: Claim, result: AttemptResult, disable: Disable): Promise<boolean>;
  /** The attempt was not made, through no fault of the receiver's: it is due again after so long, and does not count. */
  postpone(claim: Claim, pauseMs: number): Promise<void>;
  /** The event is not for this receiver any more: nothing was sent, nothing follows, and nobody has failed. */
  withhold(claim: Claim): Promise<void>;
  /** Removes up to `most` rows of endpoints that are gone; how many. */
  forget(most: number): Promise<number>;
}

/** A delivery that is a test. */
export interface TestDelivery extends NewDelivery {
  readonly outcome: AttemptOutcome;
}

/** The deliveries of one endpoint, for whoever looks at them. */
export interface DeliveryLog {
  /** Up to `limit` of them by id, the newest first, from behind `before` on (empty at first). */
  list(
    place: EndpointPlace,
    page: { readonly status: DeliveryStatus | undefined; readonly before: string; readonly limit: number },
  ): Promise<readonly Delivery[]>;
  /** What a test of the endpoint needs, disabled or not; undefined when there is no such endpoint. */
  openEndpoint(
    place: EndpointPlace,
  ): Promise<{ readonly endpoint: Pick<Parcel, 'partnerId' | 'url'>; readonly secrets: SealedSecrets } | undefined>;
  /** Writes down a test with how it went, beside its event. */
  addTest(tx: Tx, scopeId: ScopeId, test: TestDelivery): Promise<void>;
  /**
   * A new delivery of the same event, which is due at once and is kept as long as any; the event's id. Undefined when there
   * is no such delivery.
   */
  redeliver(
    place: EndpointPlace,
    deliveryId: string,
    newId: string,
    once: Once | undefined,
  ): Promise<string | undefined>;
}

/** Posts to a target that a tenant has named: the status that came, or why none did. Never throws for the target's sake. */
export type Send = (request: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}) => Promise<number | Exclude<AttemptError, 'http_status'>>;
