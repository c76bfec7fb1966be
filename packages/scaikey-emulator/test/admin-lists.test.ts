import { describe, expect, test } from 'vitest';
import type { ScaiKeyEmulator } from '../src/index.ts';
import { call, startForTest } from './start-for-test.ts';

const list = async (emulator: ScaiKeyEmulator, path: string, scope = 'admin:read') => {
  const { access_token: token } = await emulator.mintToken({ sub: 'sa:scaivault', scope });
  return call('GET', `${emulator.url}/api/v1/admin${path}`, { headers: { authorization: `Bearer ${token}` } });
};
const ids = (items: { id: string }[]) => items.map(({ id }) => id);

describe('admin lists', () => {
  test('need a good token with admin:read', async () => {
    const emulator = await startForTest();
    expect((await call('GET', `${emulator.url}/api/v1/admin/users/`)).status).toBe(401);
    expect((await list(emulator, '/users/', 'secrets:read admin')).status).toBe(403);
    expect((await list(emulator, '/users/')).status).toBe(200);
  });

  test('come in pages that together hold everything once', async () => {
    const emulator = await startForTest();
    const first = await list(emulator, '/users/?page=1&per_page=4');
    const second = await list(emulator, '/users/?page=2&per_page=4');
    expect(first.body).toMatchObject({ total: 7, page: 1, per_page: 4 });
    expect(first.body.items).toHaveLength(4);
    expect(new Set(ids([...first.body.items, ...second.body.items])).size).toBe(7);
    for (const bad of ['page=0', 'per_page=201', 'page=x']) {
      expect((await list(emulator, `/users/?${bad}`)).status).toBe(400);
    }
  });

  test('never show a client secret', async () => {
    const emulator = await startForTest();
    const { body } = await list(emulator, '/users/?search=ci');
    expect(ids(body.items)).toContain('sa_ci');
    expect(JSON.stringify(body)).not.toContain('development-secret');
  });

  test('filter by partner, tenant and status', async () => {
    const emulator = await startForTest();
    expect(ids((await list(emulator, '/tenants/?partner_id=ptn_acme')).body.items)).toEqual([
      'tnt_acme_prod',
      'tnt_acme_dev',
    ]);
    expect(ids((await list(emulator, '/users?tenant_id=tnt_umbrella_prod')).body.items)).toEqual(['usr_dave']);
    await emulator.directory.change('partners', 'ptn_umbrella', { status: 'SUSPENDED' });
    expect(ids((await list(emulator, '/partners/?status=SUSPENDED')).body.items)).toEqual(['ptn_umbrella']);
    expect((await list(emulator, '/groups/grp_sre')).body).toMatchObject({
      name: 'sre',
      member_count: 1,
      partner_id: 'ptn_acme',
    });
    expect((await list(emulator, '/groups/grp_none')).status).toBe(404);
  });

  test('show members of nested groups as inherited', async () => {
    const emulator = await startForTest();
    const direct = await list(emulator, '/groups/grp_sre/members');
    const inherited = await list(emulator, '/groups/grp_oncall/members');
    expect(direct.body.items).toMatchObject([
      { user_id: 'usr_bob', membership_type: 'DIRECT', email: 'bob@acme.example' },
    ]);
    expect(inherited.body.items).toMatchObject([{ user_id: 'usr_bob', membership_type: 'INHERITED' }]);
  });
});

describe('faults', () => {
  const order = (emulator: ScaiKeyEmulator, json: unknown) => call('PUT', `${emulator.url}/_dev/faults`, { json });

  test('cut pages keep their total, so the reader can tell', async () => {
    const emulator = await startForTest();
    await order(emulator, { cut_pages: true });
    const { body } = await list(emulator, '/users/');
    expect(body.total).toBe(7);
    expect(body.items).toHaveLength(3);
  });

  test('shrunken and empty lists agree with themselves, and single things are still there', async () => {
    const emulator = await startForTest();
    await order(emulator, { shrink_lists: true });
    expect((await list(emulator, '/users/')).body).toMatchObject({ total: 3 });
    await order(emulator, { empty_lists: true });
    expect((await list(emulator, '/users/')).body).toMatchObject({ total: 0, items: [] });
    expect((await list(emulator, '/users/usr_bob')).body).toMatchObject({ id: 'usr_bob' });
  });

  test('5xx answers end after their count, and spare the control calls', async () => {
    const emulator = await startForTest();
    await order(emulator, { fail_with: 502, fail_count: 2 });
    expect((await call('GET', `${emulator.url}/_dev/faults`)).body).toEqual({ fail_with: 502, fail_count: 2 });
    const answers = [await list(emulator, '/users/'), await list(emulator, '/users/'), await list(emulator, '/users/')];
    expect(answers.map(({ status }) => status)).toEqual([502, 502, 200]);
  });

  test('take the key sets down and bring them back', async () => {
    const emulator = await startForTest();
    const keys = () => call('GET', `${emulator.url}/api/v1/platform/.well-known/jwks.json`);
    await order(emulator, { jwks_down: true });
    expect((await keys()).status).toBe(503);
    await call('DELETE', `${emulator.url}/_dev/faults`);
    expect((await keys()).status).toBe(200);
  });

  test('delay answers', async () => {
    const emulator = await startForTest();
    await order(emulator, { delay_ms: 150 });
    const started = performance.now();
    await call('GET', `${emulator.url}/api/v1/platform/.well-known/jwks.json`);
    expect(performance.now() - started).toBeGreaterThanOrEqual(145);
  });
});
