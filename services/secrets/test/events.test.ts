import type { ShippedEvent } from '@scaivault/contracts';
import { SecretsService } from '@scaivault/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { callerWho, openVault, target, tenantA, type Vault } from './open-vault.ts';
import { type StartedSecrets, startSecrets } from './start-secrets.ts';

const json = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
const ada = 'user:admin@a.example';

describe('what happens to secrets', () => {
  let started: StartedSecrets;
  let since: number;
  beforeAll(async () => {
    started = await startSecrets('direct');
  });
  afterAll(() => started.close());
  beforeEach(() => {
    since = started.vault.shipped.length;
  });

  const client = (claims = {}, headers = {}) => started.vault.client(SecretsService, claims, headers);
  const shipped = async (count: number): Promise<readonly ShippedEvent[]> => {
    await vi.waitFor(() => expect(started.vault.shipped.length).toBeGreaterThanOrEqual(since + count), 5_000);
    return started.vault.shipped.slice(since);
  };
  const told = async (count: number) =>
    (await shipped(count)).map(({ eventType, data }) => [eventType, JSON.parse(Buffer.from(data).toString())]);

  it('is told in the words of the vocabulary, in the order it happened', async () => {
    const secrets = await client();
    const path = 'told/life';
    const metadata = json({ tags: ['crm', 'eu'] });
    await secrets.putSecret({ path, data: json({ n: 1 }), secretType: 'api_key', metadata });
    await secrets.putSecret({ path, data: json({ n: 2 }) });
    await secrets.rotateSecret({ path, data: json({ n: 3 }), gracePeriod: '0s' });
    await secrets.updateMetadata({ path, metadata: json({ owner: 'team' }), options: { maxVersions: 5 } });
    await secrets.destroyVersions({ path, versions: [1] });
    await secrets.deleteSecret({ path, permanent: false });
    await secrets.restoreSecret({ path });
    await secrets.deleteSecret({ path, permanent: true });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await told(9)).toEqual([
      [
        'secret.created',
        { version: 1, secret_type: 'api_key', created_by: ada, tags: ['crm', 'eu'], expires_at: null },
      ],
      ['secret.updated', { old_version: 1, new_version: 2, updated_by: ada, is_rotation: false }],
      ['secret.updated', { old_version: 2, new_version: 3, updated_by: ada, is_rotation: true }],
      [
        'secret.rotated',
        {
          old_version: 2,
          new_version: 3,
          rotation_policy_id: null,
          rotation_policy_name: null,
          grace_period_ends: time,
          auto_generated: false,
        },
      ],
      [
        'secret.updated',
        {
          old_version: 3,
          new_version: 3,
          updated_by: ada,
          is_rotation: false,
          changed_fields: ['metadata', 'max_versions'],
        },
      ],
      ['secret.destroyed', { versions: [1], destroyed_by: ada }],
      ['secret.deleted', { version_count: 2, deleted_by: ada, permanent: false, recoverable_until: time }],
      ['secret.restored', { version: 3, restored_by: ada }],
      ['secret.deleted', { version_count: 2, deleted_by: ada, permanent: true }],
    ]);
    const events = await shipped(9);
    expect(events.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId).toSorted());
    for (const event of events) {
      expect([event.tenantId, event.partnerId]).toEqual(['tnt_a', undefined]);
      expect(event).toMatchObject({
        identityId: ada,
        path,
        requestId: expect.stringMatching(/^req_/),
        secretType: 'api_key',
        tags: ['crm', 'eu'],
      });
    }
    // A call is one request, however many events it has.
    expect(events[2]?.requestId).toBe(events[3]?.requestId);
  });

  it('says when a secret expires', async () => {
    await (await client()).putSecret({ path: 'told/expiry', data: json({ n: 1 }), options: { expiresIn: '1d' } });
    const [[, data] = []] = await told(1);
    expect(Date.parse(data.expires_at) - Date.now()).toBeGreaterThan(86_000_000);
  });

  it('with those of a partner is told to the partner, below its path', async () => {
    const admin = { sub: 'usr_partner', roles: ['partner_admin'] };
    const partner = await client(admin, { 'x-object-scope': 'partner' });
    await partner.putSecret({ path: 'told/shared', data: json({ n: 1 }) });
    const [event] = await shipped(1);
    expect([event?.eventType, event?.tenantId, event?.partnerId, event?.path]).toEqual([
      'secret.created',
      undefined,
      'ptn_x',
      'partner/told/shared',
    ]);
  });

  it('is told of to nobody when it was refused', async () => {
    const secrets = await client();
    await secrets.putSecret({ path: 'told/refused', data: json({ n: 1 }) });
    await expect(secrets.putSecret({ path: 'told/refused', data: json({ n: 2 }), ifNoneMatch: '*' })).rejects.toThrow();
    await expect(secrets.destroyVersions({ path: 'told/refused', versions: [1] })).rejects.toThrow();
    await expect(secrets.restoreSecret({ path: 'told/refused' })).rejects.toThrow();
    await secrets.deleteSecret({ path: 'told/refused', permanent: true });
    expect((await told(2)).map(([type]) => type)).toEqual(['secret.created', 'secret.deleted']);
  });
});

describe('reads', () => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await openVault();
    await vault.put('read/a', { metadata: Buffer.from('{"tags":["crm"]}') });
    await vault.put('read/b');
  });
  afterAll(() => vault.close());
  beforeEach(async () => {
    await vault.admin`delete from secrets.outbox`;
    vault.listened.clear();
  });

  const outbox = () => vault.admin<{ path: string; data: string; tags: string[] }[]>`
    select path, data, tags from secrets.outbox where event_type = 'secret.accessed' order by path`;
  const access = { version: 1, identity_type: 'user', source_ip: '192.0.2.1' };
  const batch = (...paths: string[]) =>
    vault.useCases.batchRead(
      callerWho(() => true),
      { paths, version: undefined, failFast: false },
      () => ({ giveBack: () => {} }),
      {
        judge: (path) => ({ ...target(path, tenantA), policyId: undefined, refusal: undefined }),
        audited: (_item, work) => work(),
      },
    );

  it('are told of to nobody where nobody listens', async () => {
    vault.listened.add('t:tnt_b');
    await vault.read('read/a');
    await batch('read/a', 'read/b');
    expect(await outbox()).toEqual([]);
  });

  it('are told of before the value leaves where somebody listens', async () => {
    vault.listened.add('t:tnt_a');
    await vault.read('read/a');
    const [event, ...more] = await outbox();
    expect(more).toEqual([]);
    expect([event?.path, event?.tags, JSON.parse(event?.data ?? '')]).toEqual([
      'read/a',
      ['crm'],
      { ...access, batch: false },
    ]);
  });

  it('in a batch are told of one by one, in one commit', async () => {
    vault.listened.add('t:tnt_a');
    const outcome = await batch('read/a', 'read/b', 'read/none');
    expect(outcome.size).toBe(3);
    expect((await outbox()).map(({ path, data }) => [path, JSON.parse(data)])).toEqual([
      ['read/a', { ...access, batch: true }],
      ['read/b', { ...access, batch: true }],
    ]);
    const commits = await vault.admin`select distinct xmin::text from secrets.outbox`;
    expect(commits).toHaveLength(1);
  });

  it('give no value when they cannot be told of', async () => {
    vault.listened.add('t:tnt_a');
    await vault.admin.unsafe(
      `alter table secrets.outbox add constraint broken check (event_type <> 'secret.accessed')`,
    );
    await expect(vault.read('read/a')).rejects.toThrow();
    await vault.admin.unsafe('alter table secrets.outbox drop constraint broken');
  });

  it('that give no value, because the caller has it, are not told of', async () => {
    vault.listened.add('t:tnt_a');
    await vault.read('read/a', undefined, { ifNoneMatch: '"v1"' });
    await expect(vault.read('read/none')).rejects.toThrow();
    expect(await outbox()).toEqual([]);
  });
});

describe('what time does to secrets', () => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await openVault();
  });
  afterAll(() => vault.close());

  const outbox = () => vault.admin<{ type: string; path: string; by: string; data: string }[]>`
    select event_type as "type", path, identity_id as "by", data from secrets.outbox order by position`;

  it('is told once for each threshold and once for the end, in the transaction that settles it', async () => {
    await vault.put('due/a', { expiresIn: '10d', notifyBefore: Buffer.from('["7d","1d"]') });
    await vault.admin`delete from secrets.outbox`;
    for (let day = 0; day < 12; day += 1) {
      vault.passDays(1);
      await vault.sweepDueSecrets();
    }
    const expires_at = '2027-01-11T00:00:00Z';
    expect((await outbox()).map(({ type, data }) => [type, JSON.parse(data)])).toEqual([
      ['secret.expiring', { expires_at, days_remaining: 7, threshold: '7d' }],
      ['secret.expiring', { expires_at, days_remaining: 1, threshold: '1d' }],
      ['secret.expired', { version: 1, expires_at }],
    ]);
    expect((await outbox())[0]).toMatchObject({ path: 'due/a', by: 'system:rotation-scheduler' });
  });

  it('is not told when settling it fails, and then told with the next try', async () => {
    await vault.put('due/b', { expiresIn: '1d', notifyBefore: Buffer.from('[]') });
    await vault.admin`delete from secrets.outbox`;
    vault.passDays(2);
    await vault.admin.unsafe(`alter table secrets.outbox add constraint broken check (event_type <> 'secret.expired')`);
    await vault.sweepDueSecrets();
    expect(vault.failures).toHaveLength(1);
    expect(await outbox()).toEqual([]);
    await vault.admin.unsafe('alter table secrets.outbox drop constraint broken');
    await vault.sweepDueSecrets();
    expect((await outbox()).map(({ type }) => type)).toEqual(['secret.expired']);
    vault.failures.length = 0;
  });
});
