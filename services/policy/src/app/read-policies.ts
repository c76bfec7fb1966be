import type { Caller } from '@scaivault/pipeline';
import { compilePolicies, type PolicyBundle, type PolicyRecord, type RuleDocument } from '@scaivault/policy-engine';
import type { BundledPolicy } from '../ports.ts';
import type { ReadBundle } from './read-bundle.ts';

/** The policies in force in the caller's tenant, as they are stored and as they are judged by. */
export interface PoliciesInForce {
  readonly records: readonly PolicyRecord[];
  readonly bundle: PolicyBundle;
}

export type ReadPolicies = (caller: Pick<Caller, 'tenantId' | 'partnerId'>) => Promise<PoliciesInForce>;

const recordOf = ({ rulesJson, createdAtMicros, bindings, ...policy }: BundledPolicy): PolicyRecord => ({
  ...policy,
  createdAtMs: createdAtMicros / 1000,
  rules: JSON.parse(rulesJson) as RuleDocument[],
  bindings: bindings.map(({ expiresAtMicros, ...binding }) => ({
    ...binding,
    expiresAtMs: expiresAtMicros === null ? null : expiresAtMicros / 1000,
  })),
});

/** Reads what every process decides by, straight from the tables. */
export const createReadPolicies =
  ({ readBundle }: { readonly readBundle: ReadBundle }): ReadPolicies =>
  async ({ tenantId, partnerId }) => {
    const records = (await readBundle(tenantId, partnerId)).map(recordOf);
    return { records, bundle: compilePolicies(records) };
  };
