import type { Client } from '@connectrpc/connect';
import type { PolicyFeedService, PolicyBundle as WireBundle } from '@scaivault/contracts/policy/v1/policy';
import type { RateLimitFeedService, RateLimitBundle as WireLimits } from '@scaivault/contracts/policy/v1/rate_limits';
import { compilePolicies, type PolicyBundle, type PolicyRecord, type RuleDocument } from '@scaivault/policy-engine';
import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';
import {
  limitNotices,
  limitNoticesBegin,
  type RateOverrideSource,
  type RateOverrides,
} from '../limit/rate-overrides.ts';
import { createReplica, type Replica } from './replica.ts';

/** The compiled policies that can concern callers in a tenant. */
export interface PolicySource {
  bundle(tenantId: TenantId, partnerId: PartnerId): PolicyBundle | Promise<PolicyBundle>;
}

export type PolicyReplica = PolicySource & RateOverrideSource & Pick<Replica<object>, 'start' | 'stop' | 'check'>;

const decoder = new TextDecoder();

const recordsOf = (bundle: WireBundle): PolicyRecord[] =>
  bundle.policies.map((policy) => ({
    id: policy.id,
    name: policy.name,
    scope: policy.scope === 'partner' ? 'partner' : 'tenant',
    priority: policy.priority,
    createdAtMs: Number(policy.createdAtMicros) / 1000,
    rules: JSON.parse(decoder.decode(policy.rulesJson)) as RuleDocument[],
    bindings: policy.bindings.map((binding) => ({
      identityType: binding.identityType as 'user' | 'service_account' | 'group',
      identityId: binding.identityId,
      subjectId: binding.subjectId ?? null,
      expiresAtMs: binding.expiresAtMicros === undefined ? null : Number(binding.expiresAtMicros) / 1000,
    })),
  }));

const overridesOf = ({ entries }: WireLimits): RateOverrides =>
  new Map(
    entries.map(({ identityId, limits, expiresAtMicros }) => [
      identityId,
      { limits, expiresAtMs: expiresAtMicros === undefined ? null : Number(expiresAtMicros) / 1000 },
    ]),
  );

/** Tenant ids hold no line break (printable ASCII), so the key can be taken apart again. */
const keyOf = (tenantId: string, partnerId: string): string => `${tenantId}\n${partnerId}`;
const partsOf = (key: string): [string, string] => {
  const at = key.indexOf('\n');
  return [key.slice(0, at), key.slice(at + 1)];
};
/** Limits are a tenant's own; a key without a partner is theirs, since every policy bundle has one. */
const isOfLimits = (key: string): boolean => key.endsWith('\n');

/** For a process that decides nothing by policies; one that asks all the same has a defect. */
const noPolicies: PolicySource['bundle'] = () => {
  throw new Error('This process does not follow policies.');
};

/** Policies and rate limits of the tenants this process serves, kept current by the policy service. */
export const createPolicyReplica = ({
  limitsOnly = false,
  ...options
}: {
  readonly client: Client<typeof PolicyFeedService>;
  readonly limits: Client<typeof RateLimitFeedService>;
  /** No policies: their changes then need not wait for this process. */
  readonly limitsOnly?: boolean;
  readonly maxStalenessMs: number;
  readonly onFailure: (error: unknown) => void;
  readonly max?: number;
}): PolicyReplica => {
  const replica = createReplica<PolicyBundle | RateOverrides>({
    name: 'access policies',
    max: options.max ?? 10_000,
    maxStalenessMs: options.maxStalenessMs,
    onFailure: options.onFailure,
    scopesOf: (key) => {
      const [tenantId, partnerId] = partsOf(key);
      if (isOfLimits(key)) return [limitNotices(tenantId as TenantId)];
      return [`t:${tenantId}` as ScopeId, `p:${partnerId}` as ScopeId];
    },
    heeds: limitsOnly ? limitNoticesBegin : '',
    fetch: async (key) => {
      const [tenantId, partnerId] = partsOf(key);
      if (isOfLimits(key)) return overridesOf(await options.limits.getRateLimitBundle({ tenantId }));
      return compilePolicies(recordsOf(await options.client.getPolicyBundle({ tenantId, partnerId })));
    },
    follow: (request, timeoutMs) => options.client.followPolicyRevisions(request, { timeoutMs }),
  });
  type Answer<Value> = Value | Promise<Value>;
  return {
    ...replica,
    bundle: limitsOnly
      ? noPolicies
      : (tenantId, partnerId) => replica.get(keyOf(tenantId, partnerId)) as Answer<PolicyBundle>,
    rateOverrides: (tenantId) => replica.get(keyOf(tenantId, '')) as Answer<RateOverrides>,
  };
};
