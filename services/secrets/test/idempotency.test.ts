import { getOption } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import { answers, SecretPoliciesService, SecretsService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { password, type StartedSecretPolicies, startSecretPolicies } from './start-secret-policies.ts';

const data = (value: string): Uint8Array => Buffer.from(JSON.stringify({ value }));

describeOnEveryWire('an Idempotency-Key', (wire) => {
  let started: StartedSecretPolicies;
  let admin: Client<typeof SecretsService>;
  let policies: Client<typeof SecretPoliciesService>;
  let count = 0;
  let path: string;
  let options: { readonly headers: Record<string, string> };
  beforeAll(async () => {
    started = await startSecretPolicies(wire);
    admin = await started.vault.client(SecretsService);
    policies = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    await started.owner.sql`delete from idempotency`;
    path = `idem/secret-${count}`;
    options = { headers: { 'idempotency-key': `key-${count}` } };
    count += 1;
  });

  const rows = () =>
    started.owner.sql<{ isCommitted: boolean; hasAnswer: boolean; text: string }[]>`
      select committed_at is not null as "isCommitted", answer_ct is not null as "hasAnswer", i::text as text
      from idempotency i`;
  /** Everything an operation could have written. */
  const state = () =>
    started.owner.sql<object[]>`
      select s.path, s.current_version, s.metadata_revision, s.updated_at, s.deleted_at,
        (select count(*) from version v where v.scope_id = s.scope_id and v.path = s.path and v.destroyed_at is null) as kept,
        (select count(*) from secret_policy) as policies
      from secret s order by s.scope_id, s.path`;

  const send = async (call: (more: object) => Promise<unknown>) => {
    let seen = new Headers();
    const onHeader = (headers: Headers): void => {
      seen = headers;
    };
    const answer = await call({ ...options, onHeader });
    const { 'x-scaivault-status': status, etag, location, 'idempotency-replayed': replayed } = Object.fromEntries(seen);
    return { answer, status, etag, location, replayed };
  };

  const put = async (times: number): Promise<void> => {
    for (let version = 1; version <= times; version += 1) await admin.putSecret({ path, data: data(`v${version}`) });
  };
  const writes = [
    ['PutSecret', 0, (more: object) => admin.putSecret({ path, data: data('canary-value') }, more)],
    ['PutSecret', 1, (more: object) => admin.putSecret({ path, data: data('canary-value') }, more)],
    ['RotateSecret', 1, (more: object) => admin.rotateSecret({ path, data: data('canary-value') }, more)],
    ['DestroyVersions', 3, (more: object) => admin.destroyVersions({ path, versions: [1, 2] }, more)],
    ['RestoreSecret', 1, (more: object) => admin.restoreSecret({ path }, more)],
    ['CreateSecretPolicy', 0, (more: object) => policies.createSecretPolicy(password(path), more)],
  ] as const;
  const prepare = async (rpc: string, versions: number): Promise<void> => {
    await put(versions);
    if (rpc === 'RestoreSecret') await admin.deleteSecret({ path });
  };

  it('is honoured by the RPCs below and no others', () => {
    const honouring = [SecretsService, SecretPoliciesService]
      .flatMap(({ methods }) => methods)
      .filter((method) => getOption(method, answers).idempotent)
      .map(({ name }) => name);
    expect(new Set(writes.map(([rpc]) => rpc))).toEqual(new Set(honouring));
  });

  describe.each(writes)('of %s after %i writes', (rpc, versions, call) => {
    it('has it carried out once, and answered with the first answer from then on', async () => {
      await prepare(rpc, versions);
      const first = await send(call);
      const after = await state();
      expect(first.replayed).toBeUndefined();
      expect(await send(call)).toEqual({ ...first, replayed: 'true' });
      expect(await state()).toEqual(after);
      // That the handler's own transaction has committed the key shows nowhere else.
      expect(await rows()).toMatchObject([{ isCommitted: true, hasAnswer: true }]);
    });

    it('has it carried out by one of several sent at the same time', async () => {
      await prepare(rpc, versions);
      const ends = await Promise.allSettled([send(call), send(call), send(call), send(call)]);
      const first = ends.filter((end) => end.status === 'fulfilled' && end.value.replayed === undefined);
      expect(first).toHaveLength(1);
      for (const end of ends) {
        if (end.status === 'rejected')
          expect(end.reason).toMatchObject({ code: 'idempotency_conflict', details: { reason: 'in_progress' } });
      }
    });

    it('that was lost to another run keeps it from taking effect', async () => {
      await prepare(rpc, versions);
      const { journal } = started.vault;
      const { intent } = journal;
      journal.intent = async (id, bytes) => {
        journal.intent = intent;
        await started.owner.sql`update idempotency set token = gen_random_uuid()`;
        await intent(id, bytes);
      };
      const before = await state();
      await expect(send(call)).rejects.toMatchObject({
        code: 'idempotency_conflict',
        details: { reason: 'in_progress' },
      });
      expect(await state()).toEqual(before);
      expect(await rows()).toMatchObject([{ isCommitted: false, hasAnswer: false }]);
    });
  });

  it('keeps nothing readable of request and answer', async () => {
    await admin.putSecret(
      { path, data: data('canary-value'), metadata: Buffer.from('{"owner":"canary-owner"}') },
      options,
    );
    const text = (await rows()).map((row) => row.text).join();
    for (const plain of ['canary-value', 'canary-owner', path, 'admin@a.example']) {
      expect(text).not.toContain(plain);
      expect(text).not.toContain(Buffer.from(plain).toString('hex'));
    }
  });

  it('repeats the conflict that the first request met', async () => {
    await put(2);
    const stale = { path, data: data('late'), ifMatch: '"v1"' };
    const conflict = { code: 'version_conflict', details: { current_version: 2 } };
    await expect(admin.putSecret(stale, options)).rejects.toMatchObject(conflict);
    await put(1);
    await expect(admin.putSecret(stale, options)).rejects.toMatchObject(conflict);
    expect((await admin.readSecret({ path })).version).toBe(3);
  });

  it('tells a secret of the tenant from one of the partner at the same path', async () => {
    const partner = await started.vault.client(
      SecretsService,
      { sub: 'usr_partner', email: 'partner@a.example', roles: ['partner_admin'] },
      { 'x-object-scope': 'partner' },
    );
    const sameCaller = await started.vault.client(SecretsService, {
      sub: 'usr_partner',
      email: 'partner@a.example',
      roles: ['partner_admin'],
    });
    const request = { path, data: data('shared') };
    const made = await partner.putSecret(request, options);
    expect(await partner.putSecret(request, options)).toEqual(made);
    expect((await partner.readSecret({ path })).version).toBe(1);
    await expect(sameCaller.putSecret(request, options)).rejects.toMatchObject({
      code: 'idempotency_conflict',
      details: { reason: 'mismatch' },
    });
  });
});
