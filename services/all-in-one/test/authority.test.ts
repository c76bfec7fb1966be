import { findServiceProcess } from '@scaivault/testkit/start-replica';
import type { Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { controlScaiKey, mintHostile } from './scaikey-control.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';
import { until } from './until.ts';

const rounds = 15;
const readers = 8;
const secret = '/v1/secrets/env/db';

describe.each(shapes)('a change of authority (%s)', (shape) => {
  let vault: Vault;
  let bob: string;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
    bob = await vault.mint({ sub: 'bob@acme.example' });
    succeeded(await vault.request('PUT', secret, { body: { data: { n: 1 } } }));
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  const read = async (token = bob): Promise<number> => (await vault.request('GET', secret, { token })).status;
  /** ScaiKey's event is on its way when the emulator has answered; a second is what it may take. */
  const becomes = (status: number, token = bob) =>
    until(`${status}`, async () => ((await read(token)) === status ? true : undefined), 1_000);

  it('by a binding is in force for the very next request', async () => {
    const { policyId, bindingId } = await grant(vault, 'user:bob@acme.example', [
      { path_pattern: 'env/*', permissions: ['read'] },
    ]);
    const bindings = `/v1/policies/${policyId}/bindings`;
    const body = { identity_type: 'user', identity_id: 'user:bob@acme.example' };
    const seen: number[] = [await read()];
    let id = bindingId;
    for (let round = 0; round < rounds; round += 1) {
      succeeded(await vault.request('DELETE', `${bindings}/${id}`));
      seen.push(await read());
      ({ id } = succeeded(await vault.request('POST', bindings, { body })).json);
      seen.push(await read());
    }
    expect(seen).toEqual([200, ...Array.from({ length: rounds }, () => [403, 200]).flat()]);
    succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
    expect(await read()).toBe(403);
  });

  it('by a policy is in force for the very next request', async () => {
    const rule = (path_pattern: string) => [{ path_pattern, permissions: ['read'] }];
    const { policyId } = await grant(vault, 'group:oncall', rule('env/*'));
    const seen: number[] = [await read()];
    for (const body of [
      { rules: rule('other/*') },
      { rules: rule('env/**') },
      { is_active: false },
      { is_active: true },
    ]) {
      succeeded(await vault.request('PATCH', `/v1/policies/${policyId}`, { body }));
      seen.push(await read());
    }
    succeeded(await vault.request('PUT', `/v1/policies/${policyId}`, { body: { name: 'put', rules: rule('a') } }));
    seen.push(await read());
    expect(seen).toEqual([200, 403, 200, 403, 200, 403]);
    succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
  });

  it('stops every reader who asks after its answer, however many are asking', async () => {
    const { policyId } = await grant(vault, 'user:bob@acme.example', [
      { path_pattern: 'env/*', permissions: ['read'] },
    ]);
    let answeredAt = Number.POSITIVE_INFINITY;
    let reads = 0;
    const late: number[] = [];
    const keepReading = async (): Promise<void> => {
      for (let after = 0; after < 5; ) {
        const startedAt = performance.now();
        const status = await read();
        reads += 1;
        if (startedAt <= answeredAt) continue;
        after += 1;
        late.push(status);
      }
    };
    const revoke = async (): Promise<void> => {
      await until('readers under way', async () => (reads > 50 ? true : undefined));
      succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
      answeredAt = performance.now();
    };
    await Promise.all([revoke(), ...Array.from({ length: readers }, keepReading)]);
    expect(late).toEqual(Array.from({ length: readers * 5 }, () => 403));
  });

  it.runIf(shape === 'services')(
    'waits for a process that does not move, and finds it unable to go by the old rules',
    async () => {
      const { policyId } = await grant(vault, 'user:bob@acme.example', [
        { path_pattern: 'env/*', permissions: ['read'] },
      ]);
      expect(await read()).toBe(200);
      const { pid: secrets } = await findServiceProcess(vault, 'secrets');
      process.kill(secrets, 'SIGSTOP');
      try {
        const started = performance.now();
        succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
        // Its lease on what it had cached is up to five seconds old; only then may the answer go without it.
        const waitedMs = performance.now() - started;
        expect(waitedMs).toBeGreaterThan(1_000);
        expect(waitedMs).toBeLessThan(5_000 + 1_000);
        const late = read();
        process.kill(secrets, 'SIGCONT');
        expect(await late).toBeOneOf([403, 503]);
      } finally {
        process.kill(secrets, 'SIGCONT');
      }
      await until('its return', async () => ((await read()) === 403 ? true : undefined), 5_000);
    },
  );

  it('by leaving a group holds within a second of the event, nested groups included', async () => {
    const rule = [{ path_pattern: 'env/*', permissions: ['read'] }];
    const direct = await grant(vault, 'group:sre', rule);
    expect(await read()).toBe(200);
    await controlScaiKey(vault, 'DELETE', '/_dev/members/grp_sre/usr_bob');
    await becomes(403);
    await controlScaiKey(vault, 'POST', '/_dev/members', { group_id: 'grp_sre', user_id: 'usr_bob' });
    await becomes(200);
    succeeded(await vault.request('DELETE', `/v1/policies/${direct.policyId}?force=true`));

    const nested = await grant(vault, 'group:oncall', rule);
    expect(await read()).toBe(200);
    await controlScaiKey(vault, 'DELETE', '/_dev/members/grp_sre/usr_bob');
    await becomes(403);
    await controlScaiKey(vault, 'POST', '/_dev/members', { group_id: 'grp_sre', user_id: 'usr_bob' });
    await becomes(200);
    await controlScaiKey(vault, 'DELETE', '/_dev/members/grp_oncall/grp_sre');
    await becomes(403);
    await controlScaiKey(vault, 'POST', '/_dev/members', { group_id: 'grp_oncall', member_group_id: 'grp_sre' });
    await becomes(200);
    succeeded(await vault.request('DELETE', `/v1/policies/${nested.policyId}?force=true`));
  });

  it('by the groups of a token counts for nobody whom the mirror knows', async () => {
    const { policyId } = await grant(vault, 'group:root', [{ path_pattern: 'env/*', permissions: ['read'] }]);
    expect(await read(await vault.mint({ sub: 'usr_bob', groups: ['root'] }))).toBe(403);
    expect(await read(await vault.mint({ sub: 'usr_new', tenant_id: 'tnt_acme_prod', groups: ['root'] }))).toBe(200);
    succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
  });

  it('revokes the tokens of a suspended user, and of one with a new password', async () => {
    const { policyId } = await grant(vault, 'user:bob@acme.example', [
      { path_pattern: 'env/*', permissions: ['read'] },
    ]);
    expect(await read()).toBe(200);
    await controlScaiKey(vault, 'PATCH', '/_dev/users/usr_bob', { status: 'SUSPENDED' });
    await becomes(401);
    expectRefusal(await vault.request('GET', secret, { token: bob }), 401, 'token_revoked');
    await controlScaiKey(vault, 'PATCH', '/_dev/users/usr_bob', { status: 'ACTIVE' });
    await becomes(200);

    const iat = Math.floor(Date.now() / 1000) - 30;
    const old = await mintHostile(vault, { token: { sub: 'usr_bob' }, claims: { iat } });
    expect(await read(old)).toBe(200);
    await controlScaiKey(vault, 'PATCH', '/_dev/users/usr_bob', { password_changed: true });
    await becomes(401, old);
    expectRefusal(await vault.request('GET', secret, { token: old }), 401, 'token_revoked');
    expect(await read(await vault.mint({ sub: 'usr_bob' }))).toBe(200);
    succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
  });
});
