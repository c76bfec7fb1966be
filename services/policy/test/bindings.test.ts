import type { Client } from '@connectrpc/connect';
import type { PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { policy, type StartedPolicy, startPolicy } from './start-policy.ts';

const scope = 't:tnt_a' as never;

describeOnEveryWire('bindings', (wire) => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  let policyId: string;
  beforeAll(async () => {
    started = await startPolicy(wire);
    admin = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    policyId = (await admin.createPolicy(policy(`policy ${performance.now()}`))).id;
    started.directory.known.clear();
    started.directory.state.isDown = false;
  });

  const alice = { identityType: 'user', identityId: 'user:alice@a.example' };
  const know = (subjectId: string): void => {
    started.directory.known.set('tnt_a user:alice@a.example', { subjectId, ...alice });
  };
  const bind = (more: Partial<Parameters<typeof admin.createBinding>[0]> = {}) =>
    admin.createBinding({ policyId, ...alice, ...more });
  const statusAndLocation = async () => {
    const seen: (string | null)[] = [];
    const onHeader = (headers: Headers): void => {
      seen.push(headers.get('x-scaivault-status'), headers.get('location'));
    };
    const binding = await admin.createBinding({ policyId, ...alice }, { onHeader });
    return { binding, seen };
  };
  const expire = (id: string) =>
    started.db.withScope(
      scope,
      (tx) => tx`update binding set expires_at = now() - interval '1 second' where id = ${id}`,
    );

  it('binds an identity that nobody knows yet, unpinned, and names the binding', async () => {
    const { binding, seen } = await statusAndLocation();
    expect(binding).toMatchObject({ policyId, ...alice, createdBy: 'user:admin@a.example' });
    expect(binding.id).toMatch(/^bnd_/);
    expect(binding.subjectId).toBeUndefined();
    expect(binding.expiresAt).toBeUndefined();
    expect(seen).toEqual([null, `/v1/policies/${policyId}/bindings/${binding.id}`]);
  });

  it('pins the subject behind a known identity', async () => {
    know('usr_1');
    expect((await bind()).subjectId).toBe('usr_1');
    const { bindings } = await admin.listBindings({ policyId });
    expect(bindings).toMatchObject([{ subjectId: 'usr_1' }]);
  });

  it('renews the binding that an identity has, and answers 200', async () => {
    know('usr_1');
    const first = await bind({ expiresAt: '2099-01-01T00:00:00Z' });
    expect(first.expiresAt?.seconds).toBe(BigInt(Date.parse('2099-01-01T00:00:00Z') / 1000));
    const { binding, seen } = await statusAndLocation();
    expect(binding.id).toBe(first.id);
    expect(binding.expiresAt).toBeUndefined();
    expect(seen).toEqual(['200', null]);
    expect((await admin.listBindings({ policyId })).bindings).toHaveLength(1);
  });

  it('pins an unpinned binding when it is renewed', async () => {
    const first = await bind();
    know('usr_1');
    expect(await bind()).toMatchObject({ id: first.id, subjectId: 'usr_1' });
  });

  it('gives the next owner of a name a binding of its own', async () => {
    know('usr_1');
    const first = await bind();
    know('usr_2');
    const second = await bind();
    expect(second.id).not.toBe(first.id);
    expect(second.subjectId).toBe('usr_2');
    expect((await admin.listBindings({ policyId })).bindings).toMatchObject([
      { subjectId: 'usr_1' },
      { subjectId: 'usr_2' },
    ]);
  });

  it('does not pin to a subject that was deleted', async () => {
    started.directory.known.set('tnt_a user:alice@a.example', { subjectId: 'usr_1', ...alice, status: 'DELETED' });
    expect((await bind()).subjectId).toBeUndefined();
  });

  it('refuses with 503 and binds nothing while the directory cannot be asked, or answers something else', async () => {
    started.directory.state.isDown = true;
    await expect(bind()).rejects.toMatchObject({ code: 'service_unavailable' });
    started.directory.state.isDown = false;
    started.directory.known.set('tnt_a user:alice@a.example', { subjectId: 'grp_1', identityType: 'group' });
    await expect(bind()).rejects.toMatchObject({ code: 'service_unavailable' });
    expect((await admin.listBindings({ policyId })).bindings).toEqual([]);
  });

  it('refuses a name that does not fit the type, and an expiry that is not in the future', async () => {
    const broken = (field: string) => ({
      code: 'validation_error',
      details: { fields: [expect.objectContaining({ field })] },
    });
    for (const identityId of ['sa:alice', 'group:alice', 'alice', 'user:', 'User:alice', 'user:a\0b']) {
      await expect(bind({ identityId })).rejects.toMatchObject(broken('identity_id'));
    }
    await expect(bind({ identityType: 'system' })).rejects.toMatchObject(broken('identity_type'));
    await expect(bind({ expiresAt: '2020-01-01T00:00:00Z' })).rejects.toMatchObject(broken('expires_at'));
    await expect(bind({ expiresAt: 'tomorrow' })).rejects.toMatchObject(broken('expires_at'));
  });

  it('refuses an unknown policy', async () => {
    await expect(bind({ policyId: 'pol_01J9ZC4A0B1C2D3E4F5G6H7J8K' })).rejects.toMatchObject({
      code: 'policy_not_found',
    });
  });

  it('takes a thousand bindings and no more, but still renews', async () => {
    await started.db.withScope(
      scope,
      (tx) => tx`
        insert into binding (scope_id, policy_id, id, identity_type, identity_id, created_at, created_by)
        select 't:tnt_a', ${policyId}, 'bnd_' || n, 'user', 'user:' || n, now(), 'test' from generate_series(1, 1000) n`,
    );
    await expect(bind()).rejects.toMatchObject({ code: 'invalid_policy', details: { reason: 'too_many' } });
    expect(await bind({ identityId: 'user:7' })).toMatchObject({ id: 'bnd_7' });
    await expire('bnd_8');
    expect(await bind()).toMatchObject(alice);
  });

  it('takes a binding away, once', async () => {
    const { id: bindingId } = await bind();
    const { id: otherPolicy } = await admin.createPolicy(policy(`other ${policyId}`));
    await expect(admin.deleteBinding({ policyId: otherPolicy, bindingId })).rejects.toMatchObject({
      code: 'binding_not_found',
    });
    await admin.deleteBinding({ policyId, bindingId });
    await expect(admin.deleteBinding({ policyId, bindingId })).rejects.toMatchObject({ code: 'binding_not_found' });
    await expect(admin.deleteBinding({ policyId, bindingId: 'x' })).rejects.toMatchObject({
      code: 'binding_not_found',
    });
    expect((await admin.listBindings({ policyId })).bindings).toEqual([]);
  });

  it('does not see an expired binding any more, before it is swept', async () => {
    const { id: bindingId } = await bind({ expiresAt: '2099-01-01T00:00:00Z' });
    await expire(bindingId);
    expect((await admin.listBindings({ policyId })).bindings).toEqual([]);
    expect((await admin.getPolicy({ policyId })).bindings).toEqual([]);
    await expect(admin.deleteBinding({ policyId, bindingId })).rejects.toMatchObject({ code: 'binding_not_found' });
    const again = await bind();
    expect(again.id).not.toBe(bindingId);
    await expire(again.id);
    await admin.deletePolicy({ policyId });
  });

  it('binds an identity once however many ask at the same time', async () => {
    const made = await Promise.all([bind(), bind(), bind(), bind()]);
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });
});
