import type { Caller } from '@scaivault/pipeline';
import { type CursorCodec, type Page, type PageRequest, readPage } from '@scaivault/tenancy';
import type { PolicyScope, PolicySummary } from '../domain/policy.ts';
import type { Clock, PolicyStore } from '../ports.ts';
import { scopeIdOf } from './find-policy.ts';

export interface PolicyFilter {
  /** Undefined: both. */
  readonly scope: PolicyScope | undefined;
  readonly includeInactive: boolean;
}

const byId = (a: PolicySummary, b: PolicySummary): number => (a.id < b.id ? -1 : 1);

/** The tenant's policies and those of its partner as one list. */
export const createListPolicies =
  ({
    policies,
    cursors,
    nowMicros,
  }: {
    readonly policies: Pick<PolicyStore, 'list'>;
    readonly cursors: CursorCodec;
    readonly nowMicros: Clock;
  }) =>
  (caller: Caller, { scope, includeInactive }: PolicyFilter, page: PageRequest): Promise<Page<PolicySummary>> => {
    const binding = {
      scopeId: scopeIdOf(caller, 'tenant'),
      route: 'ListPolicies',
      filters: { scope, include_inactive: includeInactive, partner: scopeIdOf(caller, 'partner') },
    };
    const scopes = scope === undefined ? (['tenant', 'partner'] as const) : [scope];
    return readPage(cursors, binding, page, async (after, limit) => {
      const request = { includeInactive, after, limit, nowMicros: nowMicros() };
      const lists = await Promise.all(scopes.map((each) => policies.list(scopeIdOf(caller, each), request)));
      return lists.flat().sort(byId).slice(0, limit);
    });
  };
