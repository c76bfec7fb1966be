import type { DirectoryData, Group, Partner, Tenant, User } from './directory.ts';

/**
 * The directory of a first start. The client secrets are well known on purpose: the emulator hands a token to anyone
 * who asks, so there is nothing they could protect, and a development vault can be configured before it runs.
 */
export const seedDirectory = (createdAt: string): DirectoryData => {
  const stamps = { created_at: createdAt, updated_at: createdAt };

  const partner = (id: string, name: string, slug: string): Partner => ({
    id,
    name,
    slug,
    region: 'eu',
    status: 'ACTIVE',
    ...stamps,
  });
  const tenant = (id: string, partnerId: string, name: string, slug: string): Tenant => ({
    id,
    partner_id: partnerId,
    name,
    slug,
    status: 'ACTIVE',
    ...stamps,
  });
  const person = (
    id: string,
    tenantId: string,
    email: string,
    [firstName, lastName]: [string, string],
    extra: Partial<Pick<User, 'roles' | 'mfa_enabled'>> = {},
  ): User => ({
    id,
    type: 'user',
    tenant_id: tenantId,
    email,
    name: null,
    first_name: firstName,
    last_name: lastName,
    status: 'ACTIVE',
    mfa_enabled: false,
    roles: [],
    client_secret: null,
    scopes: [],
    ...stamps,
    ...extra,
  });
  const serviceAccount = (id: string, tenantId: string, name: string, scopes: string[]): User => ({
    id,
    type: 'service_account',
    tenant_id: tenantId,
    email: null,
    name,
    first_name: null,
    last_name: null,
    status: 'ACTIVE',
    mfa_enabled: false,
    roles: [],
    client_secret: `${name}-development-secret`,
    scopes,
    ...stamps,
  });
  const group = (id: string, tenantId: string, name: string, memberIds: string[]): Group => ({
    id,
    tenant_id: tenantId,
    name,
    group_type: 'static',
    members: memberIds.map((memberId) => ({ member_id: memberId, added_at: createdAt })),
    ...stamps,
  });

  return {
    partners: [
      partner('ptn_acme', 'Acme', 'acme'),
      partner('ptn_umbrella', 'Umbrella', 'umbrella'),
      partner('ptn_scailabs', 'ScaiLabs', 'scailabs'),
    ],
    tenants: [
      tenant('tnt_acme_prod', 'ptn_acme', 'Acme production', 'acme-prod'),
      tenant('tnt_acme_dev', 'ptn_acme', 'Acme development', 'acme-dev'),
      tenant('tnt_umbrella_prod', 'ptn_umbrella', 'Umbrella production', 'umbrella-prod'),
      // The platform's own tenant: the home of its operators and of the vault's own service account.
      tenant('tnt_scailabs_ops', 'ptn_scailabs', 'ScaiLabs operations', 'scailabs-ops'),
    ],
    users: [
      person('usr_alice', 'tnt_acme_prod', 'alice@acme.example', ['Alice', 'Archer'], {
        roles: ['tenant_admin'],
        mfa_enabled: true,
      }),
      person('usr_bob', 'tnt_acme_prod', 'bob@acme.example', ['Bob', 'Brook']),
      person('usr_carol', 'tnt_acme_prod', 'carol@acme.example', ['Carol', 'Cole'], { roles: ['partner_admin'] }),
      person('usr_dave', 'tnt_umbrella_prod', 'dave@umbrella.example', ['Dave', 'Dunn'], { roles: ['tenant_admin'] }),
      person('usr_root', 'tnt_scailabs_ops', 'root@scailabs.example', ['Root', 'Operator'], {
        roles: ['super_admin'],
        mfa_enabled: true,
      }),
      serviceAccount('sa_ci', 'tnt_acme_prod', 'ci', ['secrets:read', 'secrets:write', 'secrets:list']),
      serviceAccount('sa_scaivault', 'tnt_scailabs_ops', 'scaivault', ['admin:read']),
    ],
    groups: [
      group('grp_sre', 'tnt_acme_prod', 'sre', ['usr_bob']),
      // Nested: everyone in sre is on call, so bob is in oncall by inheritance.
      group('grp_oncall', 'tnt_acme_prod', 'oncall', ['grp_sre']),
    ],
  };
};
