import type { PartnerId, TenantId } from '@scaivault/tenancy';
import type { EntryFacts } from './entry.ts';
import type { GroupProfile } from './group-entry.ts';
import type { IdentityFacts } from './identity-entry.ts';

export interface PartnerProfile {
  readonly name: string | null;
  readonly slug: string | null;
  readonly region: string | null;
}

export interface TenantProfile {
  /** Null as long as no event has named it. */
  readonly partnerId: PartnerId | null;
  readonly name: string | null;
  readonly slug: string | null;
}

/** What one event of ScaiKey does to the mirror. */
export type Change =
  | { readonly kind: 'partner'; readonly partnerId: PartnerId; readonly facts: EntryFacts<PartnerProfile> }
  | { readonly kind: 'tenant'; readonly tenantId: TenantId; readonly facts: EntryFacts<TenantProfile> }
  | {
      readonly kind: 'identity';
      readonly tenantId: TenantId;
      readonly subjectId: string;
      readonly facts: IdentityFacts;
    }
  | {
      readonly kind: 'group';
      readonly tenantId: TenantId;
      readonly groupId: string;
      readonly facts: EntryFacts<GroupProfile>;
    }
  | {
      readonly kind: 'membership';
      readonly tenantId: TenantId;
      readonly groupId: string;
      readonly subjectId: string;
      readonly present: boolean;
    };
