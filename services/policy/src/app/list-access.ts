import type { Caller } from '@scaivault/pipeline';
import {
  type Access,
  accessOf,
  type Permission,
  type PolicyRecord,
  partyKeys,
  rulesAbout,
  subjectKeys,
} from '@scaivault/policy-engine';
import { type CursorCodec, type Page, type PageRequest, readPage } from '@scaivault/tenancy';
import type { BoundType } from '../domain/binding.ts';
import { requireOwnPartner } from '../domain/require-own-partner.ts';
import type { Clock, IdentityMirror } from '../ports.ts';
import { scopeIdOf } from './find-policy.ts';
import type { ReadPolicies } from './read-policies.ts';
import { subjectOf } from './resolve-subject.ts';

interface BoundIdentity {
  /** Where it stands in the list. */
  readonly id: string;
  readonly identityType: BoundType;
  readonly identityId: string;
  readonly subjectId: string | null;
}

export interface IdentityAccess extends BoundIdentity {
  readonly access: Access;
}

const defaultLimit = 50;
/** Identities asked for at a time. */
const lookups = 20;

/** Everybody these policies are bound to, each once, in a fixed order. */
const boundIdentities = (records: readonly PolicyRecord[], policyIds: ReadonlySet<string>): BoundIdentity[] => {
  const found = new Map<string, BoundIdentity>();
  for (const { bindings } of records.filter(({ id }) => policyIds.has(id))) {
    for (const { identityType, identityId, subjectId } of bindings) {
      const id = `${identityType} ${subjectId ?? ''} ${identityId}`;
      found.set(subjectId === null ? id : `${identityType} ${subjectId}`, { id, identityType, identityId, subjectId });
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
};

/**
 * Who can: the identities to whom policies open a path, as far as that can be said without a request. Identities are
 * looked up for their groups and role; one that has left the directory is nobody, one not seen yet is its name.
 */
export const createListAccess = ({
  identities,
  readPolicies,
  cursors,
  nowMicros,
}: {
  readonly identities: IdentityMirror;
  readonly readPolicies: ReadPolicies;
  readonly cursors: CursorCodec;
  readonly nowMicros: Clock;
}) => {
  const partyOf = async (caller: Caller, bound: BoundIdentity) => {
    const alone = { keys: partyKeys(bound), identityType: null, isTenantAdmin: false };
    if (bound.identityType === 'group') return { bound, party: alone };
    const known = await identities.lookup(caller.tenantId, bound.identityType, bound.subjectId ?? bound.identityId);
    if (known === undefined) {
      const stranger = { ...alone, identityType: bound.identityType };
      return bound.subjectId === null ? { bound, party: stranger } : undefined;
    }
    const subject = subjectOf(known);
    const { identityType, isTenantAdmin, subjectId, identityId } = subject;
    return {
      bound: { ...bound, subjectId, identityId },
      party: { keys: subjectKeys(subject), identityType, isTenantAdmin },
    };
  };

  return async (
    caller: Caller,
    { path, permission }: { readonly path: string; readonly permission: Permission },
    request: PageRequest,
  ): Promise<Page<IdentityAccess>> => {
    requireOwnPartner(caller);
    const { records, bundle } = await readPolicies(caller);
    const nowMs = nowMicros() / 1000;
    const about = rulesAbout(bundle, { permission, path, nowMs });
    const everybody = boundIdentities(records, new Set(about.map(({ policy }) => policy.id)));
    const binding = { scopeId: scopeIdOf(caller, 'tenant'), route: 'ListAccess', filters: { path, permission } };
    const page = await readPage(
      cursors,
      binding,
      { ...request, limit: request.limit ?? defaultLimit },
      (after, limit) => Promise.resolve(everybody.filter(({ id }) => id > after).slice(0, limit)),
    );

    const items = new Map<string, IdentityAccess>();
    for (let from = 0; from < page.items.length; from += lookups) {
      const some = page.items.slice(from, from + lookups);
      for (const found of await Promise.all(some.map((each) => partyOf(caller, each)))) {
        if (found === undefined) continue;
        const access = accessOf(about, found.party, nowMs);
        const { identityType, identityId } = found.bound;
        if (access.access !== 'never') items.set(`${identityType} ${identityId}`, { ...found.bound, access });
      }
    }
    return { items: [...items.values()], cursor: page.cursor };
  };
};
