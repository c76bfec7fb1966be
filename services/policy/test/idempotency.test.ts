import { getOption } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import { answers, PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parsed, policy, readApp, rulesOf, type StartedPolicy, startPolicy } from './start-policy.ts';

type PolicyClient = Client<typeof PolicyService>;

interface Reply {
  readonly answer: unknown;
  readonly replayed: string | null;
  readonly location: string | null;
  readonly status: string | null;
}

describeOnEveryWire('idempotency', (wire) => {
  let started: StartedPolicy;
  let admin: PolicyClient;
  let count = 0;
  let name: string;
  let options: { readonly headers: Record<string, string> };
  beforeAll(async () => {
    started = await startPolicy(wire);
    admin = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    await inRows('delete from idempotency');
    name = `policy ${count}`;
    options = { headers: { 'idempotency-key': `key-${count}` } };
    count += 1;
  });

  const rows = (scope = 't:tnt_a') =>
    started.db.withScope(
      scope as never,
      (tx) => tx<{ isCommitted: boolean; hasAnswer: boolean; text: string }[]>`
        select committed_at is not null as "isCommitted", answer_ct is not null as "hasAnswer", i::text as text
        from idempotency i`,
    );
  const inRows = (text: string) => started.db.withScope('t:tnt_a' as never, (tx) => tx.unsafe(text));
  const setInRows = (text: string) => inRows(`update idempotency set ${text}`);
  const policiesNamed = (wanted: string, scope = 't:tnt_a') =>
    started.db.withScope(scope as never, (tx) => tx<{ id: string }[]>`select id from policy where name = ${wanted}`);

  const send = async (call: (more: object) => Promise<unknown>): Promise<Reply> => {
    let headers = new Headers();
    const onHeader = (received: Headers): void => {
      headers = received;
    };
    const answer = await call({ ...options, onHeader });
    return {
      answer,
      replayed: headers.get('idempotency-replayed'),
      location: headers.get('location'),
      status: headers.get('x-scaivault-status'),
    };
  };

  const writes = [
    ['CreatePolicy', () => Promise.resolve((more: object) => admin.createPolicy(policy(name), more))],
    [
      'ReplacePolicy',
      async () => {
        const { id: policyId } = await admin.createPolicy(policy(name));
        return (more: object) => admin.replacePolicy({ policyId, ...policy(`${name} replaced`) }, more);
      },
    ],
    [
      'CreateBinding',
      async () => {
        const { id: policyId } = await admin.createPolicy(policy(name));
        const bound = { identityType: 'user', identityId: 'user:alice@a.example' };
        return (more: object) => admin.createBinding({ policyId, ...bound }, more);
      },
    ],
    [
      'CreateBinding, renewing one',
      async () => {
        const { id: policyId } = await admin.createPolicy(policy(name));
        const bound = { identityType: 'user', identityId: 'user:alice@a.example' };
        await admin.createBinding({ policyId, ...bound });
        return (more: object) => admin.createBinding({ policyId, ...bound }, more);
      },
    ],
  ] as const;

  it('is promised by the RPCs below and no others', () => {
    const honouring = PolicyService.methods.filter((method) => getOption(method, answers).idempotent);
    const tested = writes.map(([what]) => what.replace(/,.*/, ''));
    expect(new Set(tested)).toEqual(new Set(honouring.map(({ name: rpc }) => rpc)));
  });

  describe.each(writes)('%s', (_rpc, prepare) => {
    it('is carried out once, and answered with the first answer from then on', async () => {
      const call = await prepare();
      const first = await send(call);
      const second = await send(call);
      expect(first.replayed).toBeNull();
      expect(second).toEqual({ ...first, replayed: 'true' });
      // That the handler's own transaction has committed the key shows nowhere else.
      expect(await rows()).toMatchObject([{ isCommitted: true, hasAnswer: true }]);
    });

    it('is carried out by one of several sent at the same time', async () => {
      const call = await prepare();
      const ends = await Promise.allSettled([send(call), send(call), send(call), send(call)]);
      const answered = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
      expect(answered.filter(({ replayed }) => replayed === null)).toHaveLength(1);
      for (const { answer } of answered) expect(answer).toEqual(answered[0]?.answer);
      for (const end of ends) {
        if (end.status === 'rejected')
          expect(end.reason).toMatchObject({ code: 'idempotency_conflict', details: { reason: 'in_progress' } });
      }
    });

    it('does not take effect when its run has lost the key, and leaves the key to the other run', async () => {
      const call = await prepare();
      // Between its claim and its transaction the run stands still, and somebody takes its row over.
      const { journal } = started.vault;
      const { intent } = journal;
      journal.intent = async (id, bytes) => {
        journal.intent = intent;
        await setInRows('token = gen_random_uuid() where answer_ct is null');
        await intent(id, bytes);
      };
      const state = () =>
        started.db.withScope(
          't:tnt_a' as never,
          (tx) => tx`
            select p.name, p.updated_at, (select count(*) from binding b where b.policy_id = p.id) as bound,
              (select max(b.expires_at) from binding b where b.policy_id = p.id) as expires
            from policy p order by id`,
        );
      const before = await state();
      await expect(send(call)).rejects.toMatchObject({
        code: 'idempotency_conflict',
        details: { reason: 'in_progress' },
        retryAfterSeconds: 1,
      });
      expect(await state()).toEqual(before);
      await setInRows('busy_until = now() where answer_ct is null');
      expect((await send(call)).replayed).toBeNull();
    });
  });

  it('gives the address of the policy that the first request has made', async () => {
    const create = (more: object) => admin.createPolicy(policy(name), more);
    const first = await send(create);
    expect(first.location).toMatch(/^\/v1\/policies\/pol_/);
    expect((await send(create)).location).toBe(first.location);
    expect(await policiesNamed(name)).toHaveLength(1);
  });

  it('is audited as a replay, with what the first request had noted', async () => {
    const { id } = await admin.createPolicy(policy(name), options);
    await admin.createPolicy(policy(name), options);
    const row = started.vault.journal.outcomes.at(-1)!;
    expect(row).toMatchObject({ action: 'policy_create', success: true });
    expect(parsed(row.extraData)).toMatchObject({ policy_id: id, policy_scope: 'tenant', idempotent_replay: true });
  });

  it('holds for policies of the partner, which lie in another scope than the key', async () => {
    const partner = await started.partnerAdmin();
    const guard = { ...policy(name), scope: 'partner', priority: -1 };
    const { id: policyId } = await partner.createPolicy(guard, options);
    expect(await partner.createPolicy(guard, options)).toMatchObject({ id: policyId });
    expect(await policiesNamed(name, 'p:ptn_x')).toHaveLength(1);
    const replace = { policyId, ...policy(`${name} replaced`) };
    const again = { headers: { 'idempotency-key': `${name} again` } };
    const replaced = await partner.replacePolicy(replace, again);
    expect(await partner.replacePolicy(replace, again)).toEqual(replaced);
    expect(await rows('p:ptn_x')).toEqual([]);
  });

  it('refuses another request with the same key', async () => {
    await admin.createPolicy(policy(name), options);
    const conflict = { code: 'idempotency_conflict', details: { reason: 'mismatch' } };
    await expect(admin.createPolicy({ ...policy(name), priority: 7 }, options)).rejects.toMatchObject(conflict);
    const [made] = await policiesNamed(name);
    const replace = { policyId: made!.id, ...policy(name) };
    await expect(admin.replacePolicy(replace, options)).rejects.toMatchObject(conflict);
    expect((await admin.getPolicy({ policyId: made!.id })).priority).toBe(100);
  });

  it('knows the key of one administrator only', async () => {
    await admin.createPolicy(policy(name), options);
    const other = await started.vault.client(PolicyService, { sub: 'usr_other', email: 'other@a.example' });
    await expect(other.createPolicy(policy(name), options)).rejects.toMatchObject({ code: 'name_conflict' });
    const abroad = await started.admin('tnt_b');
    expect((await abroad.createPolicy(policy(name), options)).id).toBeDefined();
  });

  it('repeats a refusal of the operation, and lets an unsound request be mended', async () => {
    const { id: policyId } = await admin.createPolicy(policy(name));
    await expect(admin.createPolicy(policy(name), options)).rejects.toMatchObject({ code: 'name_conflict' });
    await admin.deletePolicy({ policyId });
    await expect(admin.createPolicy(policy(name), options)).rejects.toMatchObject({
      code: 'name_conflict',
      details: { name },
    });
    const mended = { headers: { 'idempotency-key': `${name} mended` } };
    const unsound = { ...policy(name), rules: rulesOf({ ...readApp, effect: 'maybe' }) };
    await expect(admin.createPolicy(unsound, mended)).rejects.toMatchObject({ code: 'validation_error' });
    expect((await admin.createPolicy(policy(name), mended)).name).toBe(name);
  });

  it('runs again after a failure', async () => {
    const { id: policyId } = await admin.createPolicy(policy(name));
    const bound = { policyId, identityType: 'user', identityId: 'user:bob@a.example' };
    started.directory.state.isDown = true;
    await expect(admin.createBinding(bound, options)).rejects.toMatchObject({ code: 'service_unavailable' });
    started.directory.state.isDown = false;
    expect((await admin.createBinding(bound, options)).id).toMatch(/^bnd_/);
  });

  it('never doubles what was committed when its process died before the answer was kept', async () => {
    await admin.createPolicy(policy(name), options);
    await setInRows("answer_ct = null, busy_until = now() + interval '1 minute'");
    const conflict = (reason: string) => ({ code: 'idempotency_conflict', details: { reason } });
    await expect(admin.createPolicy(policy(name), options)).rejects.toMatchObject(conflict('in_progress'));
    await setInRows('busy_until = now()');
    await expect(admin.createPolicy(policy(name), options)).rejects.toMatchObject(conflict('answer_lost'));
    expect(await policiesNamed(name)).toHaveLength(1);
  });

  it('is not looked at by calls that change nothing twice', async () => {
    const { id: policyId } = await admin.createPolicy(policy(name));
    await admin.updatePolicy({ policyId, priority: 1 }, options);
    await admin.updatePolicy({ policyId, priority: 2 }, options);
    expect((await admin.getPolicy({ policyId }, options)).priority).toBe(2);
    await admin.deletePolicy({ policyId }, options);
    expect(await rows()).toEqual([]);
  });

  it('keeps nothing readable of request and answer', async () => {
    await admin.createPolicy({ ...policy(`canary ${name}`), description: 'canary description' }, options);
    const text = (await rows()).map((row) => row.text).join();
    const plain = ['canary', `key-${count - 1}`, 'admin@a.example', 'app/**'];
    for (const each of plain) {
      expect(text).not.toContain(each);
      expect(text).not.toContain(Buffer.from(each).toString('hex'));
    }
  });

  it('is refused while the secrets service is away; calls without a key go on', async () => {
    started.keySeal.isAway = true;
    await expect(admin.createPolicy(policy(name), options)).rejects.toMatchObject({ code: 'service_unavailable' });
    expect((await admin.createPolicy(policy(name))).name).toBe(name);
    started.keySeal.isAway = false;
  });

  it('ends after 24 hours', async () => {
    const { id: policyId } = await admin.createPolicy(policy(name), options);
    await admin.deletePolicy({ policyId });
    await setInRows("expires_at = expires_at - interval '24 hours'");
    expect((await admin.createPolicy(policy(name), options)).id).not.toBe(policyId);
  });
});
