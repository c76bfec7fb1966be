import type { Client } from '@connectrpc/connect';
import type { WebhookService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type StartedWebhooks, secret, startWebhooks, webhookTo } from './start-webhooks.ts';

const target = 'https://receiver.example/hook';
const hook = (more: object = {}) => webhookTo(target, more);

describeOnEveryWire('webhooks', (wire) => {
  let started: StartedWebhooks;
  let admin: Client<typeof WebhookService>;
  beforeAll(async () => {
    started = await startWebhooks(wire);
    admin = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    // Which takes a tenth of the time of a truncation, as there is next to nothing in them.
    for (const table of ['event', 'listener', 'endpoint', 'idempotency'])
      await started.inRows(`delete from events.${table}`);
  });

  it('are created with their defaults, and read without their secret', async () => {
    const created = await admin.createWebhook(hook());
    expect(created).toMatchObject({ name: 'hook', url: target, events: ['*'], enabled: true, status: 'healthy' });
    expect(created.id).toMatch(/^wh_/);
    expect(created.filters).toBeUndefined();
    const read = await admin.readWebhook({ webhookId: created.id });
    expect(read).toMatchObject({ id: created.id, name: 'hook', statistics: { deliveries24h: 0 } });
    expect([read.lastDelivery, read.statistics?.successRate24h, read.statistics?.avgLatencyMs]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const { $typeName: _type, ...one } = created;
    expect((await admin.listWebhooks({})).webhooks).toMatchObject([one]);
    expect(
      JSON.stringify([read, started.vault.journal.outcomes, started.vault.logLines], replaceBigints),
    ).not.toContain(secret);
  });

  it('keep their secret encrypted', async () => {
    await admin.createWebhook(hook());
    const rows = await started.inRows<{ text: string }>(
      `select encode(secret_ct, 'escape') || encode(key_ct, 'escape') as text from events.signing_secret`,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.text).not.toContain('signing secret');
  });

  it.each([
    ['an unknown event', { events: ['secret.exploded'] }, 'validation_error'],
    ['no event', { events: [] }, 'validation_error'],
    ['an empty name', { name: '' }, 'validation_error'],
    ['a long name', { name: 'x'.repeat(129) }, 'validation_error'],
    ['a secret of 15 bytes', { secret: 'x'.repeat(15) }, 'validation_error'],
    ['a secret of 257 bytes', { secret: `${'x'.repeat(255)}é` }, 'validation_error'],
    ['a long URL', { url: `https://receiver.example/${'x'.repeat(2048)}` }, 'validation_error'],
    ['credentials in the URL', { url: 'https://a:b@receiver.example/' }, 'validation_error'],
    ['another scheme', { url: 'ftp://receiver.example/' }, 'validation_error'],
    ['an unknown type', { filters: { secretType: 'nonsense' } }, 'invalid_secret_type'],
    ['an unsound prefix', { filters: { pathPrefix: '../x' } }, 'invalid_path'],
    ['a private target', { url: 'https://10.0.0.1/' }, 'invalid_config'],
    ['a private target in disguise', { url: 'https://0xa.1:8443/' }, 'invalid_config'],
    ['plain http', { url: 'http://8.8.8.8/' }, 'invalid_config'],
  ])('are refused with %s, and nothing is written', async (_what, more, code) => {
    await expect(admin.createWebhook(hook(more))).rejects.toMatchObject({ code });
    const { id } = await admin.createWebhook(hook());
    if (code !== 'validation_error' || !('events' in more && more.events.length === 0))
      await expect(admin.updateWebhook({ webhookId: id, ...more })).rejects.toMatchObject({ code });
    expect((await admin.listWebhooks({})).webhooks).toHaveLength(1);
  });

  it('say of a target that is not allowed which reason there is', async () => {
    await expect(admin.createWebhook(hook({ url: 'https://192.168.0.1/' }))).rejects.toMatchObject({
      code: 'invalid_config',
      details: { field: 'url', reason: 'target_not_allowed' },
    });
  });

  it('take secrets of 16 and of 256 bytes', async () => {
    for (const bytes of [16, 256]) await admin.createWebhook(hook({ secret: 'x'.repeat(bytes) }));
  });

  describe('PATCH', () => {
    it('changes what is given, clears what is null, and keeps the rest', async () => {
      const { id: webhookId } = await admin.createWebhook(hook({ filters: { pathPrefix: 'app', tags: ['a'] } }));
      const renamed = await admin.updateWebhook({ webhookId, name: 'other', events: ['secret.*'] });
      expect(renamed).toMatchObject({ name: 'other', url: target, events: ['secret.*'], filters: { tags: ['a'] } });
      const off = await admin.updateWebhook({ webhookId, enabled: false, nulls: ['filters'] });
      expect(off).toMatchObject({ name: 'other', enabled: false, status: 'disabled' });
      expect(off.filters).toBeUndefined();
      const on = await admin.updateWebhook({ webhookId, nulls: ['enabled'] });
      expect(on).toMatchObject({ enabled: true, status: 'healthy' });
      const { $typeName: _type, ...fields } = on;
      expect(await admin.readWebhook({ webhookId })).toMatchObject(fields);
    });

    it.each([
      [{ nulls: ['name'] }, 'validation_error'],
      [{ nulls: ['nonsense'] }, 'validation_error'],
      [{ previousSecretTtl: '1h' }, 'validation_error'],
      [{ secret: 'x'.repeat(16), previousSecretTtl: '8d' }, 'validation_error'],
      [{ secret: 'x'.repeat(16), previousSecretTtl: 'PT1H' }, 'invalid_duration'],
    ])('refuses %j', async (more, code) => {
      const { id: webhookId } = await admin.createWebhook(hook());
      await expect(admin.updateWebhook({ webhookId, ...more })).rejects.toMatchObject({ code });
    });

    it('clears the failures of a webhook that is switched on again', async () => {
      const { id: webhookId } = await admin.createWebhook(hook());
      await started.inRows('update events.endpoint set consecutive_failures = 49');
      await admin.updateWebhook({ webhookId, name: 'kept' });
      const failures = async () =>
        (await started.inRows<{ n: number }>('select consecutive_failures as n from events.endpoint'))[0]?.n;
      expect(await failures()).toBe(49);
      await admin.updateWebhook({ webhookId, enabled: true });
      expect(await failures()).toBe(0);
    });
  });

  it('are listed in pages, oldest first, by a cursor of their tenant', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) ids.push((await admin.createWebhook(hook({ name }))).id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await admin.listWebhooks({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.webhooks.map(({ id }) => id));
      expect(page.hasMore).toBe(page.cursor !== undefined);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(ids);
    const { cursor: first = '' } = await admin.listWebhooks({ limit: 2 });
    const stranger = await started.admin('tnt_b');
    await expect(stranger.listWebhooks({ cursor: first })).rejects.toMatchObject({ code: 'invalid_cursor' });
  });

  it('are fifty at most in a tenant, however many are created at once', async () => {
    await started.inRows(`
      insert into events.listener (scope_id, id, kind, partner_id, events)
      select 't:tnt_a', 'wh_' || n, 'webhook', 'ptn_x', '{*}' from generate_series(1, 48) n;
      insert into events.endpoint (scope_id, id, partner_id, url, is_enabled)
      select 't:tnt_a', 'wh_' || n, 'ptn_x', 'https://receiver.example/', true from generate_series(1, 48) n;
      insert into events.webhook (scope_id, id, name, created_at, updated_at)
      select 't:tnt_a', 'wh_' || n, 'x', now(), now() from generate_series(1, 48) n;`);
    const ends = await Promise.allSettled(Array.from({ length: 6 }, () => admin.createWebhook(hook())));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'validation_error' });
    await (await started.admin('tnt_b')).createWebhook(hook());
  });

  it('are gone when they are deleted, with their deliveries in batches behind them', async () => {
    const { id: webhookId } = await admin.createWebhook(hook());
    await admin.deleteWebhook({ webhookId });
    for (const call of [
      () => admin.readWebhook({ webhookId }),
      () => admin.updateWebhook({ webhookId, name: 'x' }),
      () => admin.deleteWebhook({ webhookId }),
      () => admin.testWebhook({ webhookId }),
      () => admin.listDeliveries({ webhookId }),
      () => admin.redeliverEvent({ webhookId, deliveryId: 'del_1' }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'webhook_not_found' });
    expect((await admin.listWebhooks({})).webhooks).toEqual([]);
    expect(await started.inRows('select 1 from events.signing_secret')).toEqual([]);
    await started.inRows('select events.forget_endpoints(10)');
    expect(await started.inRows('select 1 from events.endpoint')).toEqual([]);
  });

  it("are not there for another tenant, nor for a token without the scope 'admin'", async () => {
    const { id: webhookId } = await admin.createWebhook(hook());
    const stranger = await started.admin('tnt_b');
    await expect(stranger.readWebhook({ webhookId })).rejects.toMatchObject({ code: 'webhook_not_found' });
    await expect(stranger.deleteWebhook({ webhookId })).rejects.toMatchObject({ code: 'webhook_not_found' });
    expect((await stranger.listWebhooks({})).webhooks).toEqual([]);
    const reader = await started.reader();
    await expect(reader.listWebhooks({})).rejects.toMatchObject({ code: 'insufficient_scope' });
    await expect(reader.createWebhook(hook())).rejects.toMatchObject({ code: 'insufficient_scope' });
  });

  it('are not created while the keys are away', async () => {
    started.keySeal.isAway = true;
    try {
      await expect(admin.createWebhook(hook())).rejects.toMatchObject({ code: 'service_unavailable' });
    } finally {
      started.keySeal.isAway = false;
    }
    expect((await admin.listWebhooks({})).webhooks).toEqual([]);
  });

  it('are created once for one Idempotency-Key', async () => {
    const options = { headers: { 'idempotency-key': `key-${wire}` } };
    const first = await admin.createWebhook(hook(), options);
    expect(await admin.createWebhook(hook(), options)).toEqual(first);
    await expect(admin.createWebhook(hook({ name: 'other' }), options)).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
    expect((await admin.listWebhooks({})).webhooks).toHaveLength(1);
    const [row] = await started.inRows<{ committed: boolean }>(
      'select committed_at is not null as committed from events.idempotency',
    );
    expect(row?.committed).toBe(true);
  });

  it('leave the audit rows of the contract', async () => {
    const { outcomes } = started.vault.journal;
    outcomes.length = 0;
    const { id: webhookId } = await admin.createWebhook(hook());
    await admin.updateWebhook({ webhookId, secret: 'another secret, long', enabled: true });
    await admin.readWebhook({ webhookId });
    await admin.listWebhooks({});
    await admin.listDeliveries({ webhookId });
    await admin.deleteWebhook({ webhookId });
    expect(outcomes.map(({ action }) => action)).toEqual([
      'webhook_create',
      'webhook_update',
      'config_read',
      'config_read',
      'config_read',
      'webhook_delete',
    ]);
    expect(JSON.stringify(outcomes, replaceBigints)).not.toContain('another secret');
  });
});

const replaceBigints = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint'
    ? String(value)
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('latin1')
      : value;
