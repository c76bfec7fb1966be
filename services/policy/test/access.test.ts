import type { Client } from '@connectrpc/connect';
import { PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parsed, rulesOf, type StartedPolicy, startPolicy } from './start-policy.ts';

const rule = (path_pattern: string, permissions: string[], more: object = {}) => ({
  path_pattern,
  permissions,
  ...more,
});
const deny = { effect: 'deny' };
const types: Readonly<Record<string, string>> = { user: 'user', sa: 'service_account', group: 'group' };

describeOnEveryWire('who can', (wire) => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  const bind = (policyId: string, identityId: string, expiresAt?: string) => {
    const identityType = types[identityId.split(':')[0] ?? ''] ?? '';
    return admin.createBinding({ policyId, identityType, identityId, ...(expiresAt && { expiresAt }) });
  };
  const add = async (name: string, priority: number, bindings: readonly string[], ...rules: object[]) => {
    const { id } = await admin.createPolicy({ name, priority, rules: rulesOf(...rules) });
    for (const identityId of bindings) await bind(id, identityId);
    return id;
  };
  const who = async (path: string, permission = 'read') =>
    (await admin.listAccess({ path, permission })).identities.map(({ identityId, access, byRole, rules }) => [
      identityId,
      access,
      ...(byRole ? ['by role'] : []),
      ...rules.map((each) => [each.policyName, each.ruleIndex, each.effect, ...each.conditions].join(' ')),
    ]);
  beforeAll(async () => {
    started = await startPolicy(wire);
    admin = await started.admin();
    const { known } = started.directory;
    const sre = { subjectId: 'grp_sre', identityId: 'group:sre' };
    const know = (subjectId: string, identityType: string, identityId: string, more: object = {}) => {
      const record = { subjectId, identityType, identityId, ...more };
      for (const name of [identityId, subjectId]) known.set(`tnt_a ${name}`, record);
    };
    know('grp_sre', 'group', 'group:sre');
    know('usr_alice', 'user', 'user:alice', { groups: [sre] });
    know('usr_root', 'user', 'user:root', { roles: ['tenant_admin'] });
    know('sac_ci', 'service_account', 'sa:ci');
    await add('guard', 10, ['group:sre'], rule('prod/pay/**', ['admin'], deny));
    await add(
      'prod',
      100,
      ['group:sre', 'user:alice', 'user:root', 'sa:ci', 'user:new'],
      rule('prod/**', ['read'], { conditions: { identity_types: ['user'], require_mfa: true } }),
      rule('prod/app/*', ['read']),
    );
  });
  afterAll(() => started[Symbol.asyncDispose]());

  it('names identities with the rules that open the path, in the order they are tried', async () => {
    const mfa = 'prod 0 allow require_mfa';
    expect(await who('prod/app/db')).toEqual([
      ['group:sre', 'always', 'prod 0 allow identity_types require_mfa', 'prod 1 allow'],
      ['sa:ci', 'always', 'prod 1 allow'],
      ['user:new', 'always', mfa, 'prod 1 allow'],
      ['user:alice', 'always', mfa, 'prod 1 allow'],
      ['user:root', 'always', mfa, 'prod 1 allow'],
    ]);
  });

  it('tells what depends on the request, and what only the role grants', async () => {
    const mfa = 'prod 0 allow require_mfa';
    expect(await who('prod/other')).toEqual([
      ['group:sre', 'conditional', 'prod 0 allow identity_types require_mfa'],
      ['user:new', 'conditional', mfa],
      ['user:alice', 'conditional', mfa],
      ['user:root', 'always', 'by role', mfa],
    ]);
  });

  it('leaves out whom an earlier rule denies, through a group too', async () => {
    const names = (await who('prod/pay/key')).map(([identityId]) => identityId);
    expect(names).toEqual(['user:new', 'user:root']);
    expect(await who('prod/app/db', 'write')).toEqual([]);
  });

  it('mentions the roles that need no policy', async () => {
    const { roles } = await admin.listAccess({ path: 'nowhere', permission: 'rotate' });
    expect(roles).toEqual(['tenant_admin', 'partner_admin', 'super_admin']);
  });

  it('knows no binding that has expired, and says when one will', async () => {
    const policyId = await add('brief', 1, [], rule('brief', ['read']));
    const { id } = await bind(policyId, 'user:alice', '2099-01-01T00:00:00Z');
    const { identities } = await admin.listAccess({ path: 'brief', permission: 'read' });
    expect(identities[0]?.rules[0]?.expiresAt?.seconds).toBe(BigInt(Date.parse('2099-01-01T00:00:00Z') / 1000));
    await started.db.withScope(
      't:tnt_a' as never,
      (tx) => tx`update binding set expires_at = now() - interval '1 second' where id = ${id}`,
    );
    expect(await who('brief')).toEqual([]);
  });

  it('leaves out an identity that has left the directory, but not one that nobody has seen yet', async () => {
    await add('left', 1, ['sa:ci', 'sa:to-come'], rule('left', ['read']));
    const gone = started.directory.known.get('tnt_a sac_ci')!;
    started.directory.known.delete('tnt_a sac_ci');
    expect(await who('left')).toEqual([['sa:to-come', 'always', 'left 0 allow']]);
    started.directory.known.set('tnt_a sac_ci', gone);
  });

  it('goes page by page, each identity once', async () => {
    const policyId = await add('crowd', 1, [], rule('crowd', ['read']));
    for (let n = 0; n < 5; n += 1) await bind(policyId, `user:crowd-${n}`);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await admin.listAccess({ path: 'crowd', permission: 'read', limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.identities.map(({ identityId }) => identityId));
      expect(page.hasMore).toBe(page.cursor !== undefined);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([0, 1, 2, 3, 4].map((n) => `user:crowd-${n}`));
    const first = await admin.listAccess({ path: 'crowd', permission: 'read', limit: 2 });
    await expect(admin.listAccess({ path: 'crowd', permission: 'write', cursor: first.cursor! })).rejects.toMatchObject(
      { code: 'invalid_cursor' },
    );
  });

  it('tells nothing of other tenants, but the policies of the partner in each of its tenants', async () => {
    const partner = await started.partnerAdmin('tnt_b');
    const rules = rulesOf(rule('wide', ['read']));
    const { id: policyId } = await partner.createPolicy({ name: 'wide', scope: 'partner', rules });
    await partner.createBinding({ policyId, identityType: 'service_account', identityId: 'sa:wide' });
    expect(await who('wide')).toEqual([['sa:wide', 'always', 'wide 0 allow']]);
    const elsewhere = await started.admin('tnt_z');
    const { identities } = await elsewhere.listAccess({ path: 'wide', permission: 'read' });
    expect(identities).toEqual([]);
  });

  it('refuses bad questions, asks for its scope, and leaves a row', async () => {
    await expect(admin.listAccess({ path: 'Not A Path', permission: 'read' })).rejects.toMatchObject({
      code: 'invalid_path',
    });
    await expect(admin.listAccess({ path: 'x', permission: 'own' })).rejects.toMatchObject({
      code: 'validation_error',
    });
    await expect(admin.listAccess({ path: 'x', permission: 'read', limit: 201 })).rejects.toMatchObject({
      code: 'validation_error',
    });
    const writer = await started.vault.client(PolicyService, { scope: 'policies:write' });
    await expect(writer.listAccess({ path: 'x', permission: 'read' })).rejects.toMatchObject({
      code: 'insufficient_scope',
    });
    await who('prod/app/db');
    const row = started.vault.journal.outcomes.at(-1)!;
    expect(row).toMatchObject({ action: 'config_read', success: true });
    expect(parsed(row.extraData)).toMatchObject({ resource: 'policy_access', path: 'prod/app/db', permission: 'read' });
  });

  it('answers with 503 and names nobody while the directory cannot be asked', async () => {
    started.directory.state.isDown = true;
    await expect(who('prod/app/db')).rejects.toMatchObject({ code: 'service_unavailable' });
    started.directory.state.isDown = false;
  });
});
