import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  configOf,
  password,
  type SecretPoliciesClient,
  type StartedSecretPolicies,
  startSecretPolicies,
} from './start-secret-policies.ts';

describeOnEveryWire('the list of secret policies', (wire) => {
  let started: StartedSecretPolicies;
  let admin: SecretPoliciesClient;
  beforeAll(async () => {
    started = await startSecretPolicies(wire);
    admin = await started.admin();
    for (const name of ['one', 'two', 'three']) await admin.createSecretPolicy(password(name));
    await admin.createSecretPolicy({ ...password('asleep'), isActive: false, policyType: 'password' });
    await admin.createSecretPolicy({ ...password('awake'), policyType: 'password' });
    await (await started.admin('tnt_b')).createSecretPolicy(password('elsewhere'));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  type Request = Parameters<SecretPoliciesClient['listSecretPolicies']>[0];
  const names = async (request: Request, client = admin): Promise<string[]> =>
    (await client.listSecretPolicies(request)).secretPolicies.map(({ name }) => name);

  /** The names on every page, the inactive ones included; `between` runs after the first page. */
  const pagesOf = async (client: SecretPoliciesClient, limit: number, between = () => Promise.resolve()) => {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await client.listSecretPolicies({ limit, includeInactive: true, ...(cursor && { cursor }) });
      pages.push(page.secretPolicies.map(({ name }) => name));
      ({ cursor } = page);
      expect(page.hasMore).toBe(cursor !== undefined);
      if (pages.length === 1) await between();
    } while (cursor !== undefined);
    return pages;
  };

  it('shows the active ones of the tenant, the oldest first', async () => {
    expect(await names({})).toEqual(['one', 'two', 'three', 'awake']);
    expect(await names({}, await started.admin('tnt_b'))).toEqual(['elsewhere']);
    expect(await names({}, await started.admin('tnt_z'))).toEqual([]);
  });

  it('can be narrowed to a type, and shows the inactive ones when asked', async () => {
    expect(await names({ includeInactive: true })).toEqual(['one', 'two', 'three', 'asleep', 'awake']);
    expect(await names({ policyType: 'password' })).toEqual(['awake']);
    expect(await names({ policyType: 'password', includeInactive: true })).toEqual(['asleep', 'awake']);
    expect(await names({ policyType: 'ssh_key' })).toEqual([]);
  });

  it('shows whole policies', async () => {
    const [first] = (await admin.listSecretPolicies({ limit: 1 })).secretPolicies;
    expect(await admin.readSecretPolicy({ secretPolicyId: first!.id })).toEqual(first);
  });

  it('goes through every policy once, page by page, and a full last page is the last', async () => {
    expect(await pagesOf(admin, 2)).toEqual([['one', 'two'], ['three', 'asleep'], ['awake']]);
    expect(await pagesOf(admin, 5)).toEqual([['one', 'two', 'three', 'asleep', 'awake']]);
  });

  it('keeps its order while policies are added, renamed and removed', async () => {
    const client = await started.admin('tnt_z');
    const made: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) made.push((await client.createSecretPolicy(password(name))).id);
    const pages = await pagesOf(client, 2, async () => {
      await client.createSecretPolicy(password('0 comes last all the same'));
      await client.deleteSecretPolicy({ secretPolicyId: made[1]! });
      await client.updateSecretPolicy({ secretPolicyId: made[0]!, name: 'z' });
    });
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['0 comes last all the same']]);
    expect(await names({}, client)).toEqual(['z', 'c', 'd', '0 comes last all the same']);
  });

  it('ends a page early when the policies are large, and still shows every one of them', async () => {
    started.vault.world.tenants.set('tnt_large', started.vault.world.tenants.get('tnt_b')!);
    const client = await started.admin('tnt_large');
    // 24 KiB as they are written, the longest there are.
    const config = configOf({ value: '\u0001'.repeat(4096) });
    const fields = Array.from({ length: 20 }, (_, index) => ({ name: `f${index}`, generator: 'static', config }));
    const made = Array.from({ length: 12 }, (_, index) => `large ${index}`);
    for (const name of made) await client.createSecretPolicy({ name, fields });
    const pages = await pagesOf(client, 100);
    expect(pages.map((page) => page.length)).toEqual([9, 3]);
    expect(pages.flat()).toEqual(made);
  });

  it('refuses a cursor that was changed, or made for other filters or another tenant', async () => {
    const { cursor = '' } = await admin.listSecretPolicies({ limit: 1 });
    const other = await started.admin('tnt_b');
    await admin.listSecretPolicies({ cursor, limit: 3 });
    for (const call of [
      () => admin.listSecretPolicies({ cursor: `${cursor.slice(0, -4)}AAAA` }),
      () => admin.listSecretPolicies({ cursor, includeInactive: true }),
      () => admin.listSecretPolicies({ cursor, policyType: 'custom' }),
      () => other.listSecretPolicies({ cursor }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });

  it('refuses a page size out of range and a type that is none', async () => {
    for (const request of [{ limit: 0 }, { limit: 1001 }, { policyType: 'odd' }]) {
      await expect(admin.listSecretPolicies(request)).rejects.toMatchObject({ code: 'validation_error' });
    }
  });
});
