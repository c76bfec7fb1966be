import { SecretPoliciesService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  absent,
  brokenField,
  configOf,
  notFound,
  parsed,
  password,
  type SecretPoliciesClient,
  type StartedSecretPolicies,
  startSecretPolicies,
  waitForLocked,
} from './start-secret-policies.ts';

describeOnEveryWire('secret policies', (wire) => {
  let started: StartedSecretPolicies;
  let admin: SecretPoliciesClient;
  beforeAll(async () => {
    started = await startSecretPolicies(wire);
    admin = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const read = (secretPolicyId: string) => admin.readSecretPolicy({ secretPolicyId });
  const field = (config: object, generator = 'random') => [{ name: 'a', generator, config: configOf(config) }];

  describe('creating', () => {
    it('fills in the defaults and names the address of the policy', async () => {
      let location: string | null = null;
      const onHeader = (headers: Headers): void => {
        location = headers.get('location');
      };
      const fields = [{ name: 'token', generator: 'hex' }];
      const made = await admin.createSecretPolicy({ name: 'defaults', fields }, { onHeader });
      expect(made).toMatchObject({ name: 'defaults', policyType: 'custom', isActive: true });
      expect(made.id).toMatch(/^sp_[0-9A-Z]{26}$/);
      expect(made.description).toBeUndefined();
      expect(made.createdAt).toEqual(made.updatedAt);
      expect(made.fields).toMatchObject([{ name: 'token', generator: 'hex' }]);
      expect(parsed(made.fields[0]!.config)).toEqual({});
      expect(location).toBe(`/v1/secret-policies/${made.id}`);
      expect(await read(made.id)).toEqual(made);
    });

    it('keeps what was sent: fields in their order, configs without defaults', async () => {
      const sent = {
        name: 'whole',
        policyType: 'api_key',
        description: 'für "alle"',
        fields: [
          { name: 'user', generator: 'static', config: configOf({ value: 'café {{x}}' }) },
          { name: 'key', generator: 'random', config: configOf({ charset: 'custom', characters: '"\\\'', length: 8 }) },
          { name: 'a', generator: 'uuid', config: configOf({ version: 7 }) },
        ],
        isActive: false,
      };
      const made = await admin.createSecretPolicy(sent);
      expect(await read(made.id)).toEqual(made);
      const { fields, ...rest } = sent;
      expect(made).toMatchObject(rest);
      expect(made.fields.map(({ name, generator, config }) => ({ name, generator, config: parsed(config) }))).toEqual(
        fields.map((each) => ({ ...each, config: parsed(each.config) })),
      );
    });

    it('refuses a wrong shape with 422', async () => {
      const create = (changes: object) => admin.createSecretPolicy({ ...password('none'), ...changes });
      const many = Array.from({ length: 21 }, (_, index) => ({ name: `f${index}`, generator: 'hex' }));
      await expect(create({ name: '' })).rejects.toMatchObject(brokenField('name', 'required'));
      await expect(create({ name: 'n'.repeat(129) })).rejects.toMatchObject(brokenField('name', 'length'));
      await expect(create({ name: 'a\0' })).rejects.toMatchObject(brokenField('name', 'format'));
      await expect(create({ policyType: 'odd' })).rejects.toMatchObject(brokenField('policy_type', 'enum'));
      await expect(create({ description: 'd'.repeat(1025) })).rejects.toMatchObject(
        brokenField('description', 'length'),
      );
      await expect(create({ fields: [] })).rejects.toMatchObject(brokenField('fields', 'required'));
      await expect(create({ fields: many })).rejects.toMatchObject(brokenField('fields', 'length'));
      await expect(create({ fields: [{ name: '1a', generator: 'hex' }] })).rejects.toMatchObject(
        brokenField('fields[0].name', 'format'),
      );
      await expect(create({ fields: field({}, 'dice') })).rejects.toMatchObject(
        brokenField('fields[0].generator', 'enum'),
      );
      await expect(create({ fields: field({ lenght: 8 }) })).rejects.toMatchObject(
        brokenField('fields[0].config.lenght', 'unknown'),
      );
      await expect(create({ fields: field({ length: '8' }) })).rejects.toMatchObject(
        brokenField('fields[0].config.length', 'type'),
      );
      expect((await admin.listSecretPolicies({})).secretPolicies).not.toContainEqual(
        expect.objectContaining({ name: 'none' }),
      );
    });

    it('refuses an unsound generator with 400, and leaves no audit row for it', async () => {
      const before = started.vault.journal.outcomes.length;
      for (const [config, named] of [
        [{ length: 3 }, 'length'],
        [{ charset: 'numeric', require_upper: true }, 'require_upper'],
        [{ charset: 'klingon' }, 'charset'],
      ] as const) {
        const fields = field(config);
        const refusal = { code: 'invalid_config', details: { field: `fields[0].config.${named}` } };
        await expect(admin.createSecretPolicy({ name: 'unsound', fields })).rejects.toMatchObject(refusal);
      }
      expect(started.vault.journal.outcomes).toHaveLength(before);
    });

    it('makes one policy of a request that is sent twice with one Idempotency-Key', async () => {
      const client = await started.vault.client(SecretPoliciesService, {}, { 'idempotency-key': 'k-1' });
      const made = await client.createSecretPolicy(password('sent twice'));
      expect(await client.createSecretPolicy(password('sent twice'))).toEqual(made);
      await expect(client.createSecretPolicy(password('another'))).rejects.toMatchObject({
        code: 'idempotency_conflict',
        details: { reason: 'mismatch' },
      });
      const [row] = await started.owner.sql`select count(*) from idempotency where committed_at is not null`;
      expect(row).toEqual({ count: 1 });
    });

    it('refuses a name that the tenant has', async () => {
      await admin.createSecretPolicy(password('taken'));
      await expect(admin.createSecretPolicy(password('taken'))).rejects.toMatchObject({
        code: 'name_conflict',
        details: { name: 'taken' },
      });
      await expect((await started.admin('tnt_b')).createSecretPolicy(password('taken'))).resolves.toBeDefined();
    });
  });

  describe('updating', () => {
    it('changes what is given and keeps what is absent', async () => {
      const sent = { ...password('patched'), policyType: 'password', description: 'text', isActive: false };
      const made = await admin.createSecretPolicy(sent);
      const secretPolicyId = made.id;
      const renamed = await admin.updateSecretPolicy({ secretPolicyId, name: 'renamed' });
      expect(renamed).toEqual({ ...made, name: 'renamed', updatedAt: renamed.updatedAt });
      const changed = await admin.updateSecretPolicy({
        secretPolicyId,
        policyType: 'ssh_key',
        description: '',
        fields: [{ name: 'private_key', generator: 'ssh_keypair' }],
        isActive: true,
      });
      expect(changed).toMatchObject({ name: 'renamed', policyType: 'ssh_key', description: '', isActive: true });
      expect(changed.fields.map(({ name }) => name)).toEqual(['private_key']);
      expect(await read(secretPolicyId)).toEqual(changed);
    });

    it('moves the time of the last change, and not that of creation', async () => {
      const made = await admin.createSecretPolicy(password('dated'));
      const past = '2026-01-01T00:00:00Z';
      await started.owner.sql`update secret_policy set created_at = ${past}::text::timestamptz,
        updated_at = ${past}::text::timestamptz where id = ${made.id}`;
      const changed = await admin.updateSecretPolicy({ secretPolicyId: made.id, description: 'new' });
      expect(changed.createdAt?.seconds).toBe(BigInt(Date.parse(past) / 1000));
      expect(changed.updatedAt?.seconds).toBeGreaterThanOrEqual(made.updatedAt?.seconds ?? Number.NaN);
    });

    it('clears what is null, each to its default', async () => {
      const sent = { ...password('cleared'), policyType: 'password', description: 'text', isActive: false };
      const { id: secretPolicyId } = await admin.createSecretPolicy(sent);
      const undescribed = await admin.updateSecretPolicy({ secretPolicyId, nulls: ['description'] });
      expect(undescribed.description).toBeUndefined();
      expect(undescribed).toMatchObject({ policyType: 'password', isActive: false });
      const cleared = await admin.updateSecretPolicy({ secretPolicyId, nulls: ['policy_type', 'is_active'] });
      expect(cleared).toMatchObject({ name: 'cleared', policyType: 'custom', isActive: true });
    });

    it('refuses to clear what is required or unknown, fields that are not sound, and a name that is taken', async () => {
      const kept = await admin.createSecretPolicy(password('kept'));
      const secretPolicyId = kept.id;
      await admin.createSecretPolicy(password('other'));
      const update = (change: object) => admin.updateSecretPolicy({ secretPolicyId, ...change });
      await expect(update({ nulls: ['name'] })).rejects.toMatchObject(brokenField('name', 'required'));
      await expect(update({ nulls: ['fields'] })).rejects.toMatchObject(brokenField('fields', 'required'));
      await expect(update({ nulls: ['descripton'] })).rejects.toMatchObject(brokenField('descripton', 'unknown'));
      await expect(update({ name: '' })).rejects.toMatchObject(brokenField('name', 'length'));
      await expect(update({ fields: field({ length: true }) })).rejects.toMatchObject(
        brokenField('fields[0].config.length', 'type'),
      );
      await expect(update({ fields: field({ length: 1 }) })).rejects.toMatchObject({ code: 'invalid_config' });
      await expect(update({ name: 'other' })).rejects.toMatchObject({
        code: 'name_conflict',
        details: { name: 'other' },
      });
      await expect(admin.updateSecretPolicy({ secretPolicyId: absent, name: 'x' })).rejects.toMatchObject(notFound);
      expect(await read(secretPolicyId)).toEqual(kept);
    });

    it('lets two patches of different fields both take effect', async () => {
      const { id: secretPolicyId } = await admin.createSecretPolicy(password('contended'));
      const patches = await started.owner.transaction(async (tx) => {
        await tx`select id from secret_policy where id = ${secretPolicyId} for update`;
        const both = [{ description: 'both' }, { policyType: 'password' }].map((patch) =>
          admin.updateSecretPolicy({ secretPolicyId, ...patch }),
        );
        await waitForLocked(tx, both.length);
        return { both };
      });
      await Promise.all(patches.both);
      expect(await read(secretPolicyId)).toMatchObject({ description: 'both', policyType: 'password' });
    });
  });

  it('answers an id that cannot exist like one that does not', async () => {
    for (const secretPolicyId of ['preview', 'sp_x', absent]) {
      await expect(read(secretPolicyId)).rejects.toMatchObject(notFound);
    }
  });

  it('answers for a policy of another tenant as for one that does not exist', async () => {
    const { id: secretPolicyId } = await admin.createSecretPolicy(password('mine'));
    for (const tenantId of ['tnt_b', 'tnt_z']) {
      const stranger = await started.admin(tenantId);
      for (const call of [
        () => stranger.readSecretPolicy({ secretPolicyId }),
        () => stranger.updateSecretPolicy({ secretPolicyId, name: 'stolen' }),
        () => stranger.deleteSecretPolicy({ secretPolicyId, force: true }),
        () => stranger.previewSecretPolicy({ secretPolicyId }),
      ]) {
        await expect(call()).rejects.toMatchObject(notFound);
      }
    }
    expect(await read(secretPolicyId)).toMatchObject({ name: 'mine' });
  });

  it('asks for the scope of each call', async () => {
    const reader = await started.vault.client(SecretPoliciesService, { scope: 'policies:read' });
    const { id: secretPolicyId } = await admin.createSecretPolicy(password('scoped'));
    await reader.previewSecretPolicy({ secretPolicyId });
    for (const call of [
      () => reader.createSecretPolicy(password('x')),
      () => reader.updateSecretPolicy({ secretPolicyId, name: 'x' }),
      () => reader.deleteSecretPolicy({ secretPolicyId }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'insufficient_scope' });
    }
    const writer = await started.vault.client(SecretPoliciesService, { scope: 'policies:write' });
    for (const call of [
      () => writer.listSecretPolicies({}),
      () => writer.readSecretPolicy({ secretPolicyId }),
      () => writer.previewSecretPolicy({ secretPolicyId }),
      () => writer.previewFields(password('x')),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'insufficient_scope' });
    }
  });

  it('leaves audit rows that name the policy', async () => {
    const { outcomes } = started.vault.journal;
    const last = () => {
      const { action, success, errorCode, extraData } = outcomes.at(-1)!;
      return { action, success, errorCode, extra: parsed(extraData) };
    };
    const { id: secretPolicyId } = await admin.createSecretPolicy(password('audited'));
    const extra = { secret_policy_id: secretPolicyId };
    expect(last()).toMatchObject({ action: 'secret_policy_create', success: true, extra });
    await read(secretPolicyId);
    expect(last()).toMatchObject({ action: 'config_read', extra: { ...extra, resource: 'secret_policy' } });
    await admin.updateSecretPolicy({ secretPolicyId, name: 'audited too' });
    expect(last()).toMatchObject({ action: 'secret_policy_update', extra });
    await admin.listSecretPolicies({});
    expect(last()).toMatchObject({ action: 'config_read', extra: { resource: 'secret_policies' } });
    await admin.previewSecretPolicy({ secretPolicyId, count: 2 });
    expect(last()).toMatchObject({ action: 'secret_policy_preview', extra: { ...extra, count: 2 } });
    await admin.deleteSecretPolicy({ secretPolicyId });
    expect(last()).toMatchObject({ action: 'secret_policy_delete', success: true, extra: { ...extra, force: false } });
    await expect(read(secretPolicyId)).rejects.toMatchObject(notFound);
    expect(last()).toMatchObject({ success: false, errorCode: 'secret_policy_not_found', extra });
  });
});
