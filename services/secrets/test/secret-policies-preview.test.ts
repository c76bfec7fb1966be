import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
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
} from './start-secret-policies.ts';

describeOnEveryWire('previews of secret policies', (wire) => {
  let started: StartedSecretPolicies;
  let admin: SecretPoliciesClient;
  beforeAll(async () => {
    started = await startSecretPolicies(wire);
    admin = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const login = [
    { name: 'user', generator: 'static', config: configOf({ value: 'app' }) },
    { name: 'password', generator: 'random', config: configOf({ length: 20, charset: 'safe' }) },
    { name: 'private_key', generator: 'ec_keypair' },
  ];

  it('shows one sample as it would land in data, and the entropy of each field to one decimal', async () => {
    const { samples, entropyBits } = await admin.previewFields({ fields: login });
    expect(samples.map(parsed)).toEqual([
      {
        user: 'app',
        password: expect.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._~-]{19}$/),
        private_key: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----/),
        public_key: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/),
      },
    ]);
    const bits = Math.log2(57) + 19 * Math.log2(61);
    expect(parsed(entropyBits)).toEqual({ user: 0, password: Math.round(bits * 10) / 10, private_key: 128 });
  });

  it('shows as many different samples as asked for', async () => {
    const { id: secretPolicyId } = await admin.createSecretPolicy({ name: 'login', fields: login });
    const stored = await admin.previewSecretPolicy({ secretPolicyId, count: 10 });
    const unstored = await admin.previewFields({ fields: login, count: 3 });
    expect(stored.samples).toHaveLength(10);
    expect(unstored.samples).toHaveLength(3);
    expect(stored.entropyBits).toEqual(unstored.entropyBits);
    const all = [...stored.samples, ...unstored.samples].map(parsed) as Record<string, string>[];
    for (const name of ['password', 'private_key', 'public_key']) {
      expect(new Set(all.map((sample) => sample[name])).size).toBe(13);
    }
  });

  it('follows the policy as it is now', async () => {
    const { id: secretPolicyId } = await admin.createSecretPolicy(password('changing', 12));
    const lengthNow = async (): Promise<number | undefined> => {
      const { samples } = await admin.previewSecretPolicy({ secretPolicyId });
      return (parsed(samples[0]!) as Record<string, string>).password?.length;
    };
    expect(await lengthNow()).toBe(12);
    await admin.updateSecretPolicy({ secretPolicyId, fields: password('', 40).fields });
    expect(await lengthNow()).toBe(40);
  });

  it('shows nothing of an inactive policy', async () => {
    const { id: secretPolicyId } = await admin.createSecretPolicy({ ...password('asleep'), isActive: false });
    await expect(admin.previewSecretPolicy({ secretPolicyId })).rejects.toMatchObject({
      code: 'invalid_config',
      details: { field: 'is_active', reason: 'inactive' },
    });
    await admin.updateSecretPolicy({ secretPolicyId, isActive: true });
    await admin.previewSecretPolicy({ secretPolicyId });
  });

  it('refuses what creation refuses, a count out of range and a policy that is not there', async () => {
    const of = (changes: object) => admin.previewFields({ fields: login, ...changes });
    await expect(of({ fields: [] })).rejects.toMatchObject(brokenField('fields', 'required'));
    await expect(of({ fields: [{ name: 'a', generator: 'dice' }] })).rejects.toMatchObject(
      brokenField('fields[0].generator', 'enum'),
    );
    const short = [{ name: 'a', generator: 'random', config: configOf({ length: 3 }) }];
    await expect(of({ fields: short })).rejects.toMatchObject({ code: 'invalid_config' });
    for (const count of [0, 11]) {
      await expect(of({ count })).rejects.toMatchObject(brokenField('count', 'range'));
      await expect(admin.previewSecretPolicy({ secretPolicyId: absent, count })).rejects.toMatchObject(
        brokenField('count', 'range'),
      );
    }
    await expect(admin.previewSecretPolicy({ secretPolicyId: absent })).rejects.toMatchObject(notFound);
  });

  it('are given up when nobody waits for them any more', async () => {
    const slow = ['a', 'b'].map((name) => ({ name, generator: 'bcrypt_hash', config: configOf({ rounds: 12 }) }));
    const { intents, outcomes } = started.vault.journal;
    const [begun, ended] = [intents.length, outcomes.length];
    const abort = new AbortController();
    const preview = admin.previewFields({ fields: slow, count: 10 }, { signal: abort.signal });
    await vi.waitFor(() => expect(intents.length).toBe(begun + 1));
    abort.abort();
    await expect(preview).rejects.toThrow();
    await vi.waitFor(() => expect(outcomes.length).toBe(ended + 1), 15_000);
    expect(outcomes.at(-1)).toMatchObject({ action: 'secret_policy_preview', errorCode: 'service_unavailable' });
  });

  it('leaves nothing of a sample in log, audit or database', async () => {
    const { id: secretPolicyId } = await admin.createSecretPolicy(password('thrown away'));
    const previews = [
      await admin.previewSecretPolicy({ secretPolicyId, count: 3 }),
      await admin.previewFields({ ...password(''), count: 3 }),
    ];
    const { intents, outcomes } = started.vault.journal;
    const audited = [...intents, ...outcomes].map((record) => Buffer.from(record.extraData).toString());
    const tables = await started.owner.sql<{ name: string }[]>`
      select table_name as "name" from information_schema.tables where table_schema = 'secrets'`;
    const stored: string[] = [];
    for (const { name } of tables) {
      const rows = await started.owner.sql<{ text: string }[]>`
        select whole::text as "text" from ${started.owner.sql(name)} as whole`;
      stored.push(...rows.map(({ text }) => text));
    }
    expect(stored.join()).toContain('thrown away');
    expect(audited.join()).toContain(secretPolicyId);
    const left = [...started.vault.logLines, ...audited, ...stored].join('\n');
    for (const sample of previews.flatMap(({ samples }) => samples)) {
      const { password: value } = parsed(sample) as { password: string };
      expect(value).toHaveLength(16);
      expect(left).not.toContain(value);
    }
  });
});
