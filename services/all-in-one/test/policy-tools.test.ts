import type { Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { borrowUnlimited } from './shared-vault.ts';

const read = (path_pattern: string, more: object = {}) => ({ path_pattern, permissions: ['read'], ...more });

describe('what an administrator asks of policies', () => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await borrowUnlimited('all-in-one');
  });
  afterAll(() => vault[Symbol.asyncDispose]());

  const post = async (path: string, body: object) => {
    const { status, json, text } = await vault.request('POST', path, { body });
    expect(status, text).toBeLessThan(300);
    return json;
  };
  const bind = (policyId: string, identity_type: string, identity_id: string) =>
    post(`/v1/policies/${policyId}/bindings`, { identity_type, identity_id });

  it('is answered over REST: which rules never decide, and who can', async () => {
    const rules = [read('tool/**'), read('tool/key', { effect: 'deny' })];
    const { id } = await post('/v1/policies', { name: 'tools', rules });
    await bind(id, 'service_account', 'sa:ci');
    expect((await vault.request('GET', `/v1/policies/${id}:analyze`)).json).toEqual({
      findings: [
        {
          policy_id: id,
          policy_name: 'tools',
          rule_index: 1,
          kind: 'contradicted',
          because: [{ policy_id: id, policy_name: 'tools', rule_index: 0 }],
          message:
            'Rule 1 of policy "tools" never decides: rule 0 of policy "tools" always decides before it, and not the same.',
        },
      ],
      complete: true,
    });
    const across = await vault.request('GET', `/v1/policies/${id}:analyze?identity_id=sa:ci`);
    expect(across.json).toMatchObject({ complete: true, findings: [{ rule_index: 1 }] });

    const access = await vault.request('GET', '/v1/policies:access?path=tool/key&permission=read');
    expect(access.json).toMatchObject({
      identities: [
        {
          identity_type: 'service_account',
          identity_id: 'sa:ci',
          access: 'always',
          by_role: false,
          rules: [{ policy_id: id, rule_index: 0, effect: 'allow', conditions: [], expires_at: null }],
        },
      ],
      roles: ['tenant_admin', 'partner_admin', 'super_admin'],
      cursor: null,
      has_more: false,
    });
    expectRefusal(await vault.request('GET', '/v1/policies:access?permission=read'), 422, 'validation_error');
    expectRefusal(await vault.request('GET', '/v1/policies:everybody'), 404, 'not_found');
  });

  it('gives a service account under impersonation its own rights, not those of the person who acts', async () => {
    for (const path of ['act/mine', 'act/hers']) {
      const { status } = await vault.request('PUT', `/v1/secrets/${path}`, { body: { data: { key: 'value' } } });
      expect(status).toBe(201);
    }
    const mine = await post('/v1/policies', { name: 'of the account', rules: [read('act/mine')] });
    await bind(mine.id, 'service_account', 'sa:ci');
    const hers = await post('/v1/policies', { name: 'of the person', rules: [read('act/hers')] });
    await bind(hers.id, 'user', 'user:bob@acme.example');
    const token = await vault.mint({ sub: 'sa:ci', act: { sub: 'usr_bob' } });
    expect((await vault.request('GET', '/v1/secrets/act/mine', { token })).status).toBe(200);
    expectRefusal(await vault.request('GET', '/v1/secrets/act/hers', { token }), 403, 'access_denied');
    const bob = await vault.mint({ sub: 'bob@acme.example' });
    expect((await vault.request('GET', '/v1/secrets/act/hers', { token: bob })).status).toBe(200);
  });
});
