import { Audience } from '@scaivault/contracts';
import type { PublicRpc } from './attack-rpcs.ts';
import {
  type AttackRequest,
  namesOwnOnly,
  type Prefix,
  requestFor,
  type Targets,
  tellsOwnDeeds,
} from './attack-samples.ts';
import { type AttackWorld, absent } from './attack-world.ts';

/** What an attempt has to be answered with. */
export type Expected =
  | { readonly status: number; readonly code: string; readonly details?: Readonly<Record<string, unknown>> }
  /** A success that holds nothing, or refuses each thing that was named. */
  | 'nothing'
  /** A success about the caller's own. */
  | 'own'
  /** A success about the caller's own deeds, and nobody else's. */
  | 'own deeds'
  /** Either of: a documented "there is none", the closed tenant, or nothing. */
  | 'absence';

export interface Attempt {
  readonly how: string;
  readonly request: AttackRequest;
  readonly expected: Expected;
  /** The same about what does not exist; its answer must be the same. */
  readonly twin?: AttackRequest;
}

export interface Attack {
  readonly name: string;
  isFor(rpc: PublicRpc): boolean;
  attempts(rpc: PublicRpc, world: AttackWorld): readonly Attempt[];
}

const refused = (status: number, code: string, details?: Readonly<Record<string, unknown>>): Expected =>
  details === undefined ? { status, code } : { status, code, details };

const needsToken = (rpc: PublicRpc): boolean => !rpc.isPublic;
const needsPolicy = (rpc: PublicRpc): boolean => rpc.access.path !== '' || rpc.access.eachRow;
/** False where the request about these things reads like the one about those: it names none. */
const namesThings = (rpc: PublicRpc): boolean => {
  const marked = Object.fromEntries(Object.keys(absent).map((name) => [name, `other-${name}`])) as unknown as Targets;
  const [one, other] = [requestFor(rpc, absent, null), requestFor(rpc, marked, null)];
  return JSON.stringify(one) !== JSON.stringify(other);
};

/** The attempt and its twin, which differ in what they are about and in nothing else. */
const pair = (
  how: string,
  expected: Expected,
  about: (targets: Targets) => AttackRequest,
  { acme }: AttackWorld,
): Attempt => ({ how, expected, request: about(acme), twin: about(absent) });

const badToken: Attack = {
  name: 'by somebody without a good token',
  isFor: needsToken,
  attempts: (rpc, { acme, as }) => {
    const attempt = (how: string, token: string | null, code: string): Attempt => ({
      how,
      request: requestFor(rpc, acme, token),
      expected: refused(401, code),
    });
    return [
      attempt('no token', null, 'authentication_required'),
      attempt('garbage', 'garbage', 'token_invalid'),
      attempt('an expired token', as.expired, 'token_expired'),
      attempt('a forged token', as.forged, 'token_invalid'),
    ];
  },
};

const narrowToken: Attack = {
  name: 'with a token that has every scope but the one',
  isFor: (rpc) => rpc.access.audience === Audience.UNSPECIFIED,
  attempts: (rpc, world) => {
    const { scope } = rpc.access;
    const token = world.as.without.get(scope) ?? '';
    const expected = refused(403, 'insufficient_scope', { required_scope: scope });
    return [pair(`without ${scope}`, expected, (targets) => requestFor(rpc, targets, token), world)];
  },
};

const foreignTenant: Attack = {
  name: 'by the admin of another tenant who names this one',
  isFor: needsToken,
  attempts: (rpc, { acme, as }) => {
    const enter = (how: string, token: string, code: string, status: number, tenants: readonly [string, string]) => {
      const by = (tenant: string) => requestFor(rpc, acme, token, { headers: { 'x-tenant-id': tenant } });
      const below = (tenant: string) => requestFor(rpc, acme, token, { prefix: `t/${tenant}/` });
      const [there, nowhere] = tenants;
      const atPrefix = rpc.hasTenantPrefix ? refused(status, code) : refused(404, 'not_found');
      return [
        { how: `${how}, X-Tenant-ID`, request: by(there), twin: by(nowhere), expected: refused(status, code) },
        { how: `${how}, /v1/t/`, request: below(there), twin: below(nowhere), expected: atPrefix },
      ];
    };
    const closed = ['tenant_access_denied', 403] as const;
    return [
      ...enter('of another partner', as.stranger, ...closed, ['tnt_acme_prod', 'tnt_absent']),
      ...enter('of the same partner', as.tenantAdmin, ...closed, ['tnt_acme_dev', 'tnt_absent']),
      ...enter('a mere user', as.user, ...closed, ['tnt_umbrella_prod', 'tnt_absent']),
      // A partner admin may know which tenants there are (3.1), so these two are not the same.
      ...enter('a partner admin', as.partnerAdmin, ...closed, ['tnt_umbrella_prod', 'tnt_scailabs_ops']),
      ...enter('a partner admin', as.partnerAdmin, 'tenant_not_found', 404, ['tnt_absent', 'tnt_nowhere']),
    ];
  },
};

const ownLists: Attack = {
  name: 'by the admin of another tenant who asks for all there is',
  isFor: (rpc) => needsToken(rpc) && !namesThings(rpc) && rpc.httpMethod === 'GET',
  attempts: (rpc, { as: { stranger } }) => [
    { how: 'in the own tenant', request: requestFor(rpc, absent, stranger), expected: 'own' },
    ...(rpc.hasPartnerPrefix
      ? [
          {
            how: 'in the own partner',
            request: requestFor(rpc, absent, stranger, { prefix: 'partner/' }),
            expected: 'own',
          } as const,
        ]
      : []),
  ],
};

/** Whether a thing exists is the secret that these two are about. */
export const foreignThings: Attack = {
  name: 'by the admin of another tenant who names things of this one',
  isFor: (rpc) => needsToken(rpc) && namesThings(rpc) && !namesOwnOnly.has(rpc.name),
  attempts: (rpc, world) => {
    const { stranger } = world.as;
    const ask = (targets: Targets) => requestFor(rpc, targets, stranger);
    const asPartner = (targets: Targets) => requestFor(rpc, targets, stranger, { prefix: 'partner/' });
    if (tellsOwnDeeds.has(rpc.name))
      return [{ how: 'in the own tenant', request: ask(world.acme), expected: 'own deeds' }];
    return [
      pair('in the own tenant', 'absence', ask, world),
      ...(rpc.hasPartnerPrefix && !rpc.changesObjects ? [pair('in the own partner', 'absence', asPartner, world)] : []),
    ];
  },
};

export const noPolicy: Attack = {
  name: 'by somebody whom no policy allows it',
  isFor: (rpc) => needsToken(rpc) && needsPolicy(rpc),
  attempts: (rpc, world) => {
    const { user, denied } = world.as;
    // Rows of a thing that is its owner's alone are not even looked at.
    const ofRows = rpc.absenceCodes.length > 0 ? 'absence' : 'nothing';
    const expected = rpc.access.eachRow ? ofRows : refused(403, 'access_denied');
    return [
      pair('no rule', expected, (targets) => requestFor(rpc, targets, user), world),
      pair('a deny rule', expected, (targets) => requestFor(rpc, targets, denied), world),
    ];
  },
};

const suspendedTenant: Attack = {
  name: 'by people of a suspended tenant',
  isFor: needsToken,
  attempts: (rpc, world) => {
    const { suspended, partnerAdmin } = world.as;
    const headers = { 'x-tenant-id': 'tnt_acme_dev' };
    const expected = refused(403, 'forbidden', { reason: 'tenant_suspended' });
    return [
      pair('its admin', expected, (targets) => requestFor(rpc, targets, suspended), world),
      pair('its partner admin', expected, (targets) => requestFor(rpc, targets, partnerAdmin, { headers }), world),
    ];
  },
};

const partnerObjects: Attack = {
  name: "on a partner's objects",
  isFor: needsToken,
  attempts: (rpc, world) => {
    const { tenantAdmin, user, denied, partnerAdmin } = world.as;
    const at =
      (prefix: Prefix) =>
      (how: string, token: string, expected: Expected, headers: Record<string, string> = {}): Attempt =>
        pair(how, expected, (targets) => requestFor(rpc, targets, token, { prefix, headers }), world);
    const by = at('partner/');
    const foreign = refused(403, 'forbidden', { reason: 'foreign_partner' });
    const named = (partner: string) => ({ 'x-partner-id': partner });
    const namingPartners = (ask: typeof by): readonly Attempt[] =>
      [user, tenantAdmin, partnerAdmin].flatMap((token) => [
        ask('naming another partner', token, foreign, named('ptn_umbrella')),
        ask('naming a partner that does not exist', token, foreign, named('ptn_absent')),
      ]);
    if (!rpc.hasPartnerPrefix) {
      const nowhere = by('where there are none', tenantAdmin, refused(404, 'not_found'));
      return rpc.hasPartnerScope ? [nowhere, ...namingPartners(at(''))] : [nowhere];
    }
    const byRole = refused(403, 'forbidden', { reason: 'partner_admin_required' });
    const byPolicy = rpc.access.eachRow ? 'nothing' : refused(403, 'access_denied');
    return [
      by('a mere user', user, rpc.changesObjects ? byRole : byPolicy),
      by('somebody denied', denied, rpc.changesObjects ? byRole : byPolicy),
      ...(rpc.changesObjects ? [by('a tenant admin', tenantAdmin, byRole)] : []),
      ...namingPartners(by),
    ];
  },
};

export const attacks: readonly Attack[] = [
  badToken,
  narrowToken,
  foreignTenant,
  ownLists,
  foreignThings,
  noPolicy,
  suspendedTenant,
  partnerObjects,
];
