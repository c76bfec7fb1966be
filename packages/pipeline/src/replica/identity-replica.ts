import type { Client } from '@connectrpc/connect';
import type { IdentityFeedService, CallerRecord as WireCaller } from '@scaivault/contracts/identity/v1/identity';
import type { PartnerId } from '@scaivault/tenancy';
import {
  type CallerRecord,
  type DirectoryStatus,
  type IdentityDirectory,
  type Known,
  type PartnerRecord,
  partnerNotices,
  type TenantRecord,
  tenantNotices,
} from '../resolve/identity-directory.ts';
import { createReplica, type Replica } from './replica.ts';

export type IdentityReplica = IdentityDirectory & Pick<Replica<object>, 'start' | 'stop' | 'check'>;

type Key =
  | { readonly kind: 'tenant' | 'partner'; readonly id: string }
  | { readonly kind: 'caller'; readonly id: string; readonly subject: string; readonly identityId: string };

/** Ids of tenants and partners hold no line break (printable ASCII); a subject may, and so its length goes ahead of it. */
const callerKey = (tenantId: string, subject: string, identityId: string): string =>
  `c${tenantId}\n${subject.length}\n${subject}${identityId}`;

const readKey = (key: string): Key => {
  if (!key.startsWith('c')) return { kind: key.startsWith('t') ? 'tenant' : 'partner', id: key.slice(1) };
  const [first = ''] = key.split('\n', 1);
  const [length = ''] = key.slice(first.length + 1).split('\n', 1);
  const begins = first.length + length.length + 2;
  const ends = begins + Number(length);
  return { kind: 'caller', id: first.slice(1), subject: key.slice(begins, ends), identityId: key.slice(ends) };
};

const statusOf = (text: string): DirectoryStatus => (text === 'ACTIVE' || text === 'SUSPENDED' ? text : 'DELETED');

const milliseconds = (micros: bigint | undefined): number | null =>
  micros === undefined ? null : Number(micros) / 1000;

const recordOf = (caller: WireCaller): CallerRecord => ({
  subjectId: caller.subjectId,
  identityType: caller.identityType === 'service_account' ? 'service_account' : 'user',
  identityId: caller.identityId,
  displayName: caller.displayName ?? null,
  status: statusOf(caller.status),
  groups: caller.groups.map(({ subjectId, identityId }) => ({ subjectId, identityId })),
  roles: caller.roles,
  tokensVoidBeforeMs: milliseconds(caller.tokensVoidBeforeMicros),
  mfaVoidBeforeMs: milliseconds(caller.mfaVoidBeforeMicros),
});

/** Tenants, partners and callers this process meets, kept current by identity-sync. */
export const createIdentityReplica = (options: {
  readonly client: Client<typeof IdentityFeedService>;
  readonly maxStalenessMs: number;
  readonly onFailure: (error: unknown) => void;
  readonly max?: number;
}): IdentityReplica => {
  const fetchTenant = async (tenantId: string): Promise<Known<TenantRecord>> => {
    const answer = await options.client.lookupTenant({ tenantId });
    if (!answer.found) return { record: undefined };
    return { record: { partnerId: answer.partnerId as PartnerId, status: statusOf(answer.status) } };
  };
  const fetchPartner = async (partnerId: string): Promise<Known<PartnerRecord>> => {
    const answer = await options.client.lookupPartner({ partnerId });
    return { record: answer.found ? { status: statusOf(answer.status) } : undefined };
  };
  const fetchCaller = async (tenantId: string, subject: string, identityId: string): Promise<Known<CallerRecord>> => {
    const { caller } = await options.client.lookupCaller({ tenantId, subject, identityId });
    return { record: caller === undefined ? undefined : recordOf(caller) };
  };
  const replica = createReplica<Known<TenantRecord> | Known<PartnerRecord> | Known<CallerRecord>>({
    name: 'identities',
    max: options.max ?? 100_000,
    maxStalenessMs: options.maxStalenessMs,
    onFailure: options.onFailure,
    scopesOf: (key) => {
      const { kind, id } = readKey(key);
      return [kind === 'partner' ? partnerNotices(id) : tenantNotices(id)];
    },
    fetch: (key) => {
      const parts = readKey(key);
      if (parts.kind === 'caller') return fetchCaller(parts.id, parts.subject, parts.identityId);
      return parts.kind === 'tenant' ? fetchTenant(parts.id) : fetchPartner(parts.id);
    },
    follow: (request, timeoutMs) => options.client.followIdentityRevisions(request, { timeoutMs }),
  });
  type Answer<Record> = Known<Record> | Promise<Known<Record>>;
  return {
    start: replica.start,
    stop: replica.stop,
    check: replica.check,
    tenant: (tenantId) => replica.get(`t${tenantId}`) as Answer<TenantRecord>,
    partner: (partnerId) => replica.get(`p${partnerId}`) as Answer<PartnerRecord>,
    caller: (tenantId, subject, identityId) =>
      replica.get(callerKey(tenantId, subject, identityId)) as Answer<CallerRecord>,
  };
};
