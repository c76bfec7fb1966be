import type { Vault } from '@scaivault/testkit/start-vault';
import { scopeWords } from './attack-rpcs.ts';
import type { Targets } from './attack-samples.ts';
import { endedExport } from './ended-export.ts';
import { grant, succeeded } from './grant.ts';
import { type Bucket, bucketName } from './open-bucket.ts';
import { controlScaiKey, mintHostile } from './scaikey-control.ts';
import { until } from './until.ts';

/** Words of what lies in tnt_acme_prod and ptn_acme; no refused caller may be shown one of them. */
export const canaries = ['canary-of-acme', 'Bob Brook', 'Acme production'] as const;

/** Well formed, and nobody's. */
export const absent: Targets = {
  path: 'attack/absent',
  policy_id: 'pol_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  binding_id: 'bnd_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  secret_policy_id: 'sp_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  webhook_id: 'wh_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  delivery_id: 'del_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  subscription_id: 'sub_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  identity_type: 'user',
  identity_id: 'user:absent@acme.example',
  user_id: 'usr_absent',
  group_id: 'grp_absent',
  tenant_id: 'tnt_absent',
  partner_id: 'ptn_absent',
  log_id: 'log_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  checkpoint_id: 'chk_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  export_id: 'exp_01J9ZC4A0B1C2D3E4F5G6H7J8K',
  credentials_path: 'attack/no-bucket',
  token: 'absent',
};

export interface Attackers {
  /** Tenant admin of tnt_acme_prod: has every right there, and none elsewhere. */
  readonly tenantAdmin: string;
  /** Of ptn_acme. */
  readonly partnerAdmin: string;
  /** In tnt_acme_prod with every scope and no policy. */
  readonly user: string;
  /** In tnt_acme_prod with every scope, allowed everything, and denied everything before that. */
  readonly denied: string;
  /** Tenant admin of tnt_umbrella_prod, which is of another partner. */
  readonly stranger: string;
  /** Tenant admin of tnt_acme_dev, which is suspended. */
  readonly suspended: string;
  readonly expired: string;
  readonly forged: string;
  /** The tenant admin, with every scope but this one, and words that only look like it. */
  readonly without: ReadonlyMap<string, string>;
}

export interface AttackWorld {
  readonly vault: Vault;
  /** What tnt_acme_prod has; its partner has a secret of the same path. */
  readonly acme: Targets;
  readonly as: Attackers;
}

/** One thing of each kind, in the token's tenant. */
const makeTargets = async (vault: Vault, bucket: Bucket): Promise<Targets> => {
  const [word] = canaries;
  const path = 'attack/target';
  const post = async (address: string, body?: object) =>
    succeeded(await vault.request('POST', address, body === undefined ? {} : { body })).json;
  const fields = [{ name: 'value', generator: 'static', config: { value: word } }];
  const { id: secret_policy_id } = await post('/v1/secret-policies', { name: word, description: word, fields });
  for (const value of [`${word} 1`, `${word} 2`]) {
    const body = { data: { value }, metadata: { description: word, tags: [word] }, options: { expires_in: '20d' } };
    succeeded(await vault.request('PUT', `/v1/secrets/${path}`, { body }));
  }
  const rules = [{ path_pattern: 'elsewhere/*', permissions: ['read'] }] as const;
  const { policyId, bindingId } = await grant(vault, 'group:sre', rules, { name: word, description: word });
  const { id: webhook_id } = await post('/v1/webhooks', {
    name: word,
    url: 'https://127.0.0.1:9/',
    secret: `the secret of ${word}`,
    events: ['policy.deleted'],
  });
  const { delivery_id } = await post(`/v1/webhooks/${webhook_id}/test`);
  const delivery = { type: 'polling' };
  const { id: subscription_id } = await post('/v1/subscriptions', {
    name: word,
    paths: ['**'],
    events: ['*'],
    delivery,
  });
  const { log_id, checkpoint_id } = await until('a sealed audit record', async () => {
    const [checkpoint] = succeeded(await vault.request('GET', '/v1/audit/checkpoints')).json.checkpoints;
    const [log] = succeeded(await vault.request('GET', '/v1/audit/logs?order=asc&limit=1')).json.logs;
    return checkpoint === undefined ? undefined : { log_id: log.id, checkpoint_id: checkpoint.id };
  });
  const credentials_path = 'attack/bucket';
  const data = { ...bucket.credentials, value: word };
  succeeded(await vault.request('PUT', `/v1/secrets/${credentials_path}`, { body: { data } }));
  const { export_id } = await post('/v1/audit/export', {
    from: '2026-01-01T00:00:00Z',
    to: '2026-12-31T00:00:00Z',
    format: 'jsonl',
    destination: { type: 's3', bucket: bucketName, credentials_path },
  });
  await endedExport(vault, export_id);
  return {
    path,
    policy_id: policyId,
    binding_id: bindingId,
    secret_policy_id,
    webhook_id,
    delivery_id,
    subscription_id,
    identity_type: 'user',
    identity_id: 'user:bob@acme.example',
    user_id: 'usr_bob',
    group_id: 'grp_sre',
    tenant_id: 'tnt_acme_prod',
    partner_id: 'ptn_acme',
    log_id,
    checkpoint_id,
    export_id,
    credentials_path,
    token: await vault.mint({ sub: 'bob@acme.example' }),
  };
};

/** The token for a scope's absence; the last words would pass a check by prefix, part, case or wildcard. */
const mintWithout = async (vault: Vault, scope: string): Promise<string> => {
  const others = scopeWords.filter((word) => word !== scope && word !== 'admin');
  const [area = ''] = scope.split(':');
  const alike = [`${scope}x`, `x${scope}`, scope.toUpperCase(), `${area}:*`, `${area}:`, '*', 'admins', 'Admin'];
  if (area !== 'admin') alike.push(area);
  return await vault.mint({ sub: 'alice@acme.example', scope: [...others, ...alike].join(' ') });
};

const suspend = async (vault: Vault, tenant: string, token: string): Promise<void> => {
  await controlScaiKey(vault, 'PATCH', `/_dev/tenants/${tenant}`, { status: 'SUSPENDED' });
  await until(`${tenant} is closed`, async () => {
    const { status } = await vault.request('GET', '/v1/auth/whoami', { token });
    return status === 403 ? true : undefined;
  });
};

/** Two tenants with rows of their own, a third that is suspended, and everybody who will try to get at the first. */
export const openAttackWorld = async (vault: Vault, bucket: Bucket): Promise<AttackWorld> => {
  const partnerAdmin = await vault.mint({ sub: 'carol@acme.example' });
  const stranger = await vault.mint({ sub: 'dave@umbrella.example' });
  const suspended = await vault.mint({
    sub: 'erin@acme.example',
    tenant_id: 'tnt_acme_dev',
    roles: ['tenant_admin'],
  });
  const acme = await makeTargets(vault, bucket);
  const body = { data: { value: canaries[0] } };
  succeeded(await vault.request('PUT', `/v1/partner/secrets/${acme.path}`, { token: partnerAdmin, body }));
  // Whoever comes later finds the keys of the own tenant made: attacks must leave no row, not even a key.
  for (const token of [stranger, suspended])
    succeeded(await vault.request('PUT', '/v1/secrets/own', { token, body: { data: { n: 1 } } }));
  const everything = { path_pattern: '**', permissions: ['admin'] };
  await grant(vault, 'sa:ci', [everything], { priority: 5 });
  await grant(vault, 'sa:ci', [{ ...everything, effect: 'deny' }], { priority: 1 });
  await suspend(vault, 'tnt_acme_dev', suspended);
  const without = await Promise.all(scopeWords.map(async (scope) => [scope, await mintWithout(vault, scope)] as const));
  const ofAlice = { token: { sub: 'usr_alice' } };
  return {
    vault,
    acme,
    as: {
      tenantAdmin: vault.token,
      partnerAdmin,
      user: await vault.mint({ sub: 'bob@acme.example' }),
      denied: await vault.mint({ sub: 'sa:ci' }),
      stranger,
      suspended,
      expired: await mintHostile(vault, { ...ofAlice, defects: ['expired'] }),
      forged: await mintHostile(vault, { ...ofAlice, defects: ['wrong_key'] }),
      without: new Map(without),
    },
  };
};
