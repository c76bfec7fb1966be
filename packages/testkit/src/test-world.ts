import type {
  CallerRecord,
  IdentityDirectory,
  PartnerRecord,
  PolicySource,
  RateOverrideSource,
  RateOverrides,
  TenantRecord,
} from '@scaivault/pipeline';
import { compilePolicies, type PolicyRecord } from '@scaivault/policy-engine';
import type { PartnerId } from '@scaivault/tenancy';

/** Tenants, identities and policies as a test wants them; what is changed here is in force with the next call. */
export interface TestWorld extends IdentityDirectory, PolicySource, RateOverrideSource {
  readonly tenants: Map<string, TenantRecord>;
  readonly partners: Map<string, PartnerRecord>;
  /** By tenant id and subject, `tnt_a usr_1`. */
  readonly callers: Map<string, CallerRecord>;
  readonly policies: PolicyRecord[];
  /** By tenant id. */
  readonly overrides: Map<string, RateOverrides>;
}

/** Two tenants of one partner (`tnt_a`, `tnt_b` of `ptn_x`) and one of another (`tnt_z` of `ptn_y`); nobody else, no policy. */
export const createTestWorld = (): TestWorld => {
  const tenant = (partnerId: string): TenantRecord => ({ partnerId: partnerId as PartnerId, status: 'ACTIVE' });
  const world: TestWorld = {
    tenants: new Map([
      ['tnt_a', tenant('ptn_x')],
      ['tnt_b', tenant('ptn_x')],
      ['tnt_z', tenant('ptn_y')],
    ]),
    partners: new Map([
      ['ptn_x', { status: 'ACTIVE' }],
      ['ptn_y', { status: 'ACTIVE' }],
    ]),
    callers: new Map(),
    policies: [],
    overrides: new Map(),
    tenant: (tenantId) => ({ record: world.tenants.get(tenantId) }),
    partner: (partnerId) => ({ record: world.partners.get(partnerId) }),
    caller: (tenantId, subject) => ({ record: world.callers.get(`${tenantId} ${subject}`) }),
    rateOverrides: (tenantId) => world.overrides.get(tenantId) ?? new Map(),
    bundle: () => compilePolicies(world.policies),
  };
  return world;
};
