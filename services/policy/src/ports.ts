import type { EventOrigin } from '@scaivault/outbox';
import type { Once } from '@scaivault/pipeline';
import type { ScopeId, TenantId } from '@scaivault/tenancy';
import type { Binding, BoundType, UnpinnedBinding } from './domain/binding.ts';
import type { Policy, PolicyScope, PolicySummary } from './domain/policy.ts';
import type { RateLimitEntry } from './domain/rate-limit-entry.ts';

/** Microseconds since the epoch, rising with every call. */
export type Clock = () => number;

interface PolicyPage {
  readonly includeInactive: boolean;
  /** Id to go on after; empty at first. */
  readonly after: string;
  readonly limit: number;
  readonly nowMicros: number;
}

/** What commits with a change: whose deed it is, for the event that tells of it, and the right to carry it out. */
export interface Deed {
  readonly origin: EventOrigin;
  readonly once?: Once | undefined;
}

/** The policies of a scope; each call is one transaction, and those that write tell of it in that. */
export interface PolicyStore {
  find(scopeId: ScopeId, id: string): Promise<Policy | undefined>;
  /** Up to `limit` policies by id. */
  list(scopeId: ScopeId, page: PolicyPage): Promise<readonly PolicySummary[]>;
  /** 409 `name_conflict`; 400 `invalid_policy` when all policies of the scope would come to too much. */
  insert(scopeId: ScopeId, policy: Policy, deed: Deed): Promise<void>;
  /** Writes what `edit` makes of the row, which is locked meanwhile; undefined when there is none. Refuses as `insert`. */
  change(scopeId: ScopeId, id: string, edit: (current: Policy) => Policy, deed: Deed): Promise<Policy | undefined>;
  /** Removes it with its bindings, unless live ones are there and `force` is false; then their number, else 0. */
  remove(
    scopeId: ScopeId,
    id: string,
    options: { readonly force: boolean; readonly origin: EventOrigin },
  ): Promise<{ readonly found: boolean; readonly inUseBy: number }>;
}

type BindOutcome =
  | { readonly kind: 'bound' | 'renewed'; readonly binding: Binding }
  | { readonly kind: 'no_policy' }
  | { readonly kind: 'full' };

/** The bindings of a scope; expired ones are not there any more, whether swept or not. */
export interface BindingStore {
  /** Up to `limit` bindings of a policy by id, from behind `after` on. */
  list(
    scopeId: ScopeId,
    policyId: string,
    page: { readonly after: string; readonly limit: number; readonly nowMicros: number },
  ): Promise<readonly Binding[]>;
  /**
   * Adds the binding, or renews that of the same identity: the same subject, or an unpinned one of the same name, which
   * is pinned by it. `createdAtMicros` counts as now; `directory`: the tenant in whose
   * directory the name was looked up.
   */
  bind(
    scopeId: ScopeId,
    binding: Binding,
    options: { readonly directory: TenantId; readonly most: number; readonly deed: Deed },
  ): Promise<BindOutcome>;
  /** Up to `most` live bindings of all scopes that no subject is behind yet, in a fixed order from behind `after` on. */
  unpinned(after: UnpinnedBinding | undefined, most: number): Promise<readonly UnpinnedBinding[]>;
  /**
   * Pins a binding; one that is pinned or gone meanwhile stays as it is. Where the subject has a binding of the policy
   * already, that one stays, until the later of both ends.
   */
  pin(binding: UnpinnedBinding, subjectId: string): Promise<void>;
  /** False when there is none. */
  unbind(scopeId: ScopeId, policyId: string, id: string, origin: EventOrigin): Promise<boolean>;
  /** True when a live binding names this identity. */
  isBound(scopeId: ScopeId, identityId: string, nowMicros: number): Promise<boolean>;
  /** Removes up to `most` bindings of any scope that expired before that time; how many. */
  sweep(expiredBeforeMicros: number, most: number): Promise<number>;
}

/** The rate limits of a tenant's scope; expired ones are not there any more. */
export interface RateLimitStore {
  /** All of them by identity; their number is bounded. */
  list(scopeId: ScopeId, nowMicros: number): Promise<readonly RateLimitEntry[]>;
  /** Sets the entry of its identity, with `once`; false when the tenant has `most` others (roughly, where many come at once). */
  put(scopeId: ScopeId, entry: RateLimitEntry, most: number, once: Once | undefined): Promise<boolean>;
  /** False when there is none. */
  remove(scopeId: ScopeId, identityId: string, nowMicros: number): Promise<boolean>;
}

/** An active policy with its live bindings. */
export interface BundledPolicy {
  readonly id: string;
  readonly name: string;
  readonly scope: PolicyScope;
  readonly priority: number;
  readonly createdAtMicros: number;
  readonly rulesJson: string;
  readonly bindings: readonly Pick<Binding, 'identityType' | 'identityId' | 'subjectId' | 'expiresAtMicros'>[];
}

export interface BundleStore {
  /** The policies of a scope that can concern anybody: active and bound. */
  read(scopeId: ScopeId, nowMicros: number): Promise<readonly BundledPolicy[]>;
}

/** An identity as the mirror knows it. */
export interface KnownIdentity {
  readonly subjectId: string;
  readonly identityType: BoundType;
  readonly identityId: string;
  /** Nested ones included. */
  readonly groups: readonly { readonly subjectId: string | null; readonly identityId: string }[];
  readonly roles: readonly string[];
}

export interface IdentityMirror {
  /**
   * By identity string or ScaiKey id, of that type or (undefined) of any; undefined for one the mirror does not know or
   * knows as deleted. 503 `service_unavailable` when it cannot be asked.
   */
  lookup(
    tenantId: TenantId,
    identityType: BoundType | undefined,
    identityId: string,
  ): Promise<KnownIdentity | undefined>;
}

/** Tells every process that the policies of these scopes have changed; resolves when none decides by the old ones. */
export type Publish = (scopes: readonly ScopeId[]) => Promise<void>;
