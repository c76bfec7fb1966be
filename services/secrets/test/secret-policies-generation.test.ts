import type { Client } from '@connectrpc/connect';
import { SecretsService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  absent,
  notFound,
  parsed,
  password,
  type SecretPoliciesClient,
  type StartedSecretPolicies,
  startSecretPolicies,
} from './start-secret-policies.ts';

describeOnEveryWire('secrets whose values are generated', (wire) => {
  let started: StartedSecretPolicies;
  let policies: SecretPoliciesClient;
  let secrets: Client<typeof SecretsService>;
  beforeAll(async () => {
    started = await startSecretPolicies(wire);
    policies = await started.admin();
    secrets = await started.vault.client(SecretsService);
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const make = async (name: string, changes: object = {}): Promise<string> =>
    (await policies.createSecretPolicy({ ...password(name), ...changes })).id;
  const passwordAt = async (path: string): Promise<string> =>
    (parsed((await secrets.readSecret({ path })).data) as { password: string }).password;

  it('get a new one with every write and every rotation, by the policy as it is then', async () => {
    const secretPolicyId = await make('login');
    await secrets.putSecret({ path: 'gen/db', options: { generateFrom: secretPolicyId, secretPolicyId } });
    const first = await passwordAt('gen/db');
    expect(first).toMatch(/^[A-Za-z0-9]{16}$/);
    await secrets.putSecret({ path: 'gen/db', options: { generateFrom: secretPolicyId } });
    const second = await passwordAt('gen/db');
    expect(second).toMatch(/^[A-Za-z0-9]{16}$/);
    expect(second).not.toBe(first);
    await policies.updateSecretPolicy({ secretPolicyId, fields: password('', 24).fields });
    await secrets.rotateSecret({ path: 'gen/db' });
    expect(await passwordAt('gen/db')).toMatch(/^[A-Za-z0-9]{24}$/);
    const left = [
      ...started.vault.logLines,
      ...started.vault.journal.outcomes.map((row) => Buffer.from(row.extraData).toString()),
    ];
    for (const value of [first, second]) expect(left.join()).not.toContain(value);
  });

  it('are not written by a policy that is absent, of another tenant or out of use', async () => {
    const elsewhere = await (await started.admin('tnt_b')).createSecretPolicy(password('elsewhere'));
    for (const generateFrom of [absent, elsewhere.id]) {
      await expect(secrets.putSecret({ path: 'gen/none', options: { generateFrom } })).rejects.toMatchObject(notFound);
    }
    const generateFrom = await make('asleep', { isActive: false });
    await expect(secrets.putSecret({ path: 'gen/none', options: { generateFrom } })).rejects.toMatchObject({
      code: 'invalid_config',
    });
    await expect(secrets.readSecret({ path: 'gen/none' })).rejects.toMatchObject({ code: 'secret_not_found' });
  });

  it('hold their policy, until it is deleted by force', async () => {
    const secretPolicyId = await make('held');
    await secrets.putSecret({ path: 'gen/held', options: { generateFrom: secretPolicyId, secretPolicyId } });
    await expect(policies.deleteSecretPolicy({ secretPolicyId })).rejects.toMatchObject({
      code: 'policy_in_use',
      details: { references: 1 },
    });
    const before = await secrets.readMetadata({ path: 'gen/held' });
    expect(before.secretPolicyId).toBe(secretPolicyId);
    await policies.deleteSecretPolicy({ secretPolicyId, force: true });
    const after = await secrets.readMetadata({ path: 'gen/held' });
    expect(after.secretPolicyId).toBeUndefined();
    expect(after.metadataRevision).toBe(before.metadataRevision + 1);
    await expect(secrets.rotateSecret({ path: 'gen/held' })).rejects.toMatchObject({ code: 'validation_error' });
    expect(await passwordAt('gen/held')).toMatch(/^[A-Za-z0-9]{16}$/);
  });
});
