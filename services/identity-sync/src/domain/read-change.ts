import { parsePartnerId, parseTenantId, type TenantId } from '@scaivault/tenancy';
import type { Change, PartnerProfile, TenantProfile } from './change.ts';
import type { Envelope } from './envelope.ts';
import { type EventData, flagOf, rolesOf, textOf } from './event-data.ts';
import type { GroupProfile } from './group-entry.ts';
import type { IdentityFacts, IdentityProfile } from './identity-entry.ts';
import { readStatus, type Status } from './status.ts';
import { unsound } from './unsound.ts';

type ReadChange = (envelope: Envelope) => Change;

const longestLabel = 256;
/** With the longest prefix in front, 320 characters (rest-api-core 1.3). */
const longestName = 314;
const longestDisplayName = 255;

/** The fields that the event names; those it lacks stay as they are. */
const named = <Fields extends object>(fields: { [Name in keyof Fields]: Fields[Name] | undefined }): Partial<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;

const requireId = (id: unknown, field: string): string => {
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(id)) throw unsound(field, 'names nothing');
  return id;
};

/** Thing and scope are named twice in events about a partner or tenant; which one is meant must not be a guess. */
const requireAgreement = (id: string, scope: string | undefined, field: string): void => {
  if (scope !== undefined && scope !== id) throw unsound(field, 'contradicts resource.id');
};

const requireTenant = ({ tenantId }: Envelope): TenantId => {
  if (tenantId === undefined) throw unsound('tenant_id', 'is missing');
  return tenantId;
};

const statedStatus = (data: EventData): Status | undefined => {
  const word = textOf(data, 'status', longestLabel);
  return word === undefined || word === null ? undefined : readStatus(word);
};

const createdStatus = (data: EventData): Status => statedStatus(data) ?? 'ACTIVE';

const labels = (data: EventData) => ({
  name: textOf(data, 'name', longestLabel),
  slug: textOf(data, 'slug', longestLabel),
});

const partner =
  (statusOf: (data: EventData) => Status | undefined, hasProfile = true): ReadChange =>
  ({ resource, partnerId, data }) => {
    const id = requireId(resource.id, 'resource.id');
    requireAgreement(id, partnerId, 'partner_id');
    const profile = () => named<PartnerProfile>({ ...labels(data), region: textOf(data, 'region', longestLabel) });
    return {
      kind: 'partner',
      partnerId: parsePartnerId(id),
      facts: { status: statusOf(data), profile: hasProfile ? profile() : undefined },
    };
  };

const tenantProfile = ({ data, partnerId }: Envelope): Partial<TenantProfile> => {
  const stated = textOf(data, 'partner_id', 128) ?? undefined;
  if (stated !== undefined) requireAgreement(stated, partnerId, 'partner_id');
  const owner = stated === undefined ? partnerId : parsePartnerId(stated);
  return named<TenantProfile>({ ...labels(data), partnerId: owner });
};

const tenant =
  (statusOf: (data: EventData) => Status | undefined): ReadChange =>
  (envelope) => {
    const id = requireId(envelope.resource.id, 'resource.id');
    requireAgreement(id, envelope.tenantId, 'tenant_id');
    const facts = { status: statusOf(envelope.data), profile: tenantProfile(envelope) };
    return { kind: 'tenant', tenantId: parseTenantId(id), facts };
  };

const displayNameOf = (data: EventData, name: string | null | undefined): string | null | undefined => {
  const parts = ['first_name', 'last_name'].map((field) => textOf(data, field, longestDisplayName));
  if (name === undefined && parts.every((part) => part === undefined)) return undefined;
  const full = parts.filter((part) => typeof part === 'string').join(' ');
  return full === '' ? (name ?? null) : full;
};

const typeOf = (data: EventData): IdentityProfile['type'] | undefined => {
  const type = textOf(data, 'type', longestLabel);
  if (type === undefined || type === null) return undefined;
  return type === 'service_account' ? 'service_account' : 'user';
};

const identityProfile = (data: EventData): Partial<IdentityProfile> => {
  const name = textOf(data, 'name', longestName);
  return named<IdentityProfile>({
    type: typeOf(data),
    email: textOf(data, 'email', longestName),
    name,
    displayName: displayNameOf(data, name),
    roles: rolesOf(data, 'roles'),
  });
};

const identity =
  (factsOf: (data: EventData) => IdentityFacts): ReadChange =>
  (envelope) => ({
    kind: 'identity',
    tenantId: requireTenant(envelope),
    subjectId: requireId(envelope.resource.id, 'resource.id'),
    facts: factsOf(envelope.data),
  });

const upsert = (statusOf: (data: EventData) => Status | undefined): ReadChange =>
  identity((data) => ({
    profile: identityProfile(data),
    status: statusOf(data),
    mfaEnabled: flagOf(data, 'mfa_enabled'),
  }));

const group =
  (status: Status | undefined, hasProfile = true): ReadChange =>
  (envelope) => {
    const profile = () => named<GroupProfile>({ name: textOf(envelope.data, 'name', longestName) });
    return {
      kind: 'group',
      tenantId: requireTenant(envelope),
      groupId: requireId(envelope.resource.id, 'resource.id'),
      facts: { status, profile: hasProfile ? profile() : undefined },
    };
  };

const membership =
  (present: boolean): ReadChange =>
  (envelope) => {
    const { data, resource } = envelope;
    return {
      kind: 'membership',
      tenantId: requireTenant(envelope),
      groupId: requireId(data.group_id ?? (resource.type === 'group' ? resource.id : undefined), 'data.group_id'),
      subjectId: requireId(data.user_id, 'data.user_id'),
      present,
    };
  };

/** The table of rest-api-core 11.2. */
const readers = new Map<string, ReadChange>([
  ['partner.created', partner(createdStatus)],
  ['partner.updated', partner(statedStatus)],
  ['partner.deleted', partner(() => 'DELETED', false)],
  ['tenant.created', tenant(createdStatus)],
  ['tenant.updated', tenant(statedStatus)],
  ['tenant.deleted', tenant(() => 'DELETED')],
  ['user.created', upsert(createdStatus)],
  ['user.updated', upsert(statedStatus)],
  ['user.activated', upsert(() => 'ACTIVE')],
  ['user.suspended', identity(() => ({ status: 'SUSPENDED' }))],
  ['user.deleted', identity(() => ({ status: 'DELETED' }))],
  ['user.password_changed', identity(() => ({ voidsTokens: true }))],
  ['user.mfa_enabled', identity(() => ({ mfaEnabled: true }))],
  ['user.mfa_disabled', identity(() => ({ mfaEnabled: false, voidsMfa: true }))],
  ['group.created', group('ACTIVE')],
  ['group.updated', group(undefined)],
  ['group.deleted', group('DELETED', false)],
  ...['group.member.added', 'group.member_added', 'group_membership.added'].map((type): [string, ReadChange] => [
    type,
    membership(true),
  ]),
  ...['group.member.removed', 'group.member_removed', 'group_membership.removed'].map((type): [string, ReadChange] => [
    type,
    membership(false),
  ]),
]);

/** Event types that change the mirror. */
export const knownEventTypes: ReadonlySet<string> = new Set(readers.keys());

/** What the event does, or undefined for a type we do not act on; 400 `invalid_request` when it cannot be told. */
export const readChange = (envelope: Envelope): Change | undefined => readers.get(envelope.eventType)?.(envelope);
