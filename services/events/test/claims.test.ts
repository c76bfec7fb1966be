import { openDatabase } from '@scaivault/db';
import { VaultError } from '@scaivault/errors';
import { createSystemAudit } from '@scaivault/pipeline';
import type { ScopeId } from '@scaivault/tenancy';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRecordAttempt } from '../src/app/deliveries/record-attempt.ts';
import type { Claim } from '../src/domain/deliveries/delivery.ts';
import { createDeliveryTable } from '../src/store/delivery-table.ts';
import { openReceiver, type StartedWebhooks, startWebhooks, webhookTo } from './start-webhooks.ts';

let started: StartedWebhooks;
let admin: Awaited<ReturnType<StartedWebhooks['admin']>>;
let deliveries: ReturnType<typeof createDeliveryTable>;
beforeAll(async () => {
  started = await startWebhooks('direct');
  admin = await started.admin();
  deliveries = createDeliveryTable(started.db);
});
afterAll(() => started[Symbol.asyncDispose]());
beforeEach(async () => {
  await started.inRows('truncate events.listener, events.event, events.endpoint cascade');
});

const within = { timeout: 15_000, interval: 20 };
const succeeded = {
  outcome: { responseCode: 200, durationMs: 5, error: null },
  status: 'success',
  pauseMs: undefined,
} as const;
const failed = {
  outcome: { responseCode: 500, durationMs: 5, error: 'http_status' },
  status: 'pending',
  pauseMs: 30_000,
} as const;
const nobody = () => Promise.resolve();

/** Deliveries of a webhook that the running service does not see, because it is disabled until they are there. */
const withDeliveries = async (count: number, url = 'http://127.0.0.1:1/'): Promise<string> => {
  const { id } = await admin.createWebhook(webhookTo(url));
  await started.inRows(`
    insert into events.event (scope_id, id, event_type, occurred_at, body)
    select 't:tnt_a', 'evt_' || n, 'secret.rotated', now(), '{}' from generate_series(1, ${count}) n on conflict do nothing;
    insert into events.delivery (scope_id, id, endpoint_id, event_id, due_at, created_at)
    select 't:tnt_a', '${id}-' || n, '${id}', 'evt_' || n, now() - interval '1 minute', now()
    from generate_series(1, ${count}) n;`);
  return id;
};
const makeDue = (id: string) =>
  started.inRows(`update events.endpoint set due_at = now() - interval '1 minute' where id = '${id}'`);
const leasesEnd = (id: string) =>
  started.inRows(`
    update events.delivery set due_at = now() where endpoint_id = '${id}' and is_running;
    update events.endpoint set due_at = now() where id = '${id}';`);
const rowsOf = (id: string) =>
  started.inRows<{ status: string; fence: number; attempt: number }>(
    `select status, fence, attempt from events.delivery where endpoint_id = '${id}' order by id`,
  );

describe('claims', () => {
  it('are eight at once for an endpoint, however many wait, and go on as they end', async () => {
    const id = await withDeliveries(20);
    await makeDue(id);
    const first = await deliveries.claim(false, 100);
    expect(first).toHaveLength(8);
    expect(await deliveries.claim(false, 100)).toEqual([]);
    for (const claim of first.slice(0, 3)) expect(await deliveries.record(claim, succeeded, nobody)).toBe(true);
    // These attempts were quick, so the endpoint is among the others of its kind now.
    expect(await deliveries.claim(true, 100)).toHaveLength(3);
  });

  it('take turns among endpoints, those first that have waited longest', async () => {
    const [busy, fresh] = [await withDeliveries(30), await withDeliveries(2)];
    await makeDue(busy);
    await started.inRows(`update events.endpoint set due_at = now() where id = '${fresh}'`);
    const claims = await deliveries.claim(false, 9);
    expect(claims.filter(({ deliveryId }) => deliveryId.startsWith(busy))).toHaveLength(8);
    expect(claims.filter(({ deliveryId }) => deliveryId.startsWith(fresh))).toHaveLength(1);
  });

  it('are each given to one of several processes', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => withDeliveries(8)));
    const others = Array.from({ length: 3 }, () =>
      openDatabase({
        url: started.databaseUrl,
        role: 'scaivault_events',
        schema: 'events',
        applicationName: 'another process',
        poolSize: 1,
        statementTimeoutMs: 5_000,
      }),
    );
    for (const id of ids) await makeDue(id);
    const claims: Claim[] = [];
    const drain = async (table: ReturnType<typeof createDeliveryTable>): Promise<void> => {
      for (let taken = 1; taken > 0; ) {
        const some = await table.claim(false, 3);
        claims.push(...some);
        taken = some.length;
      }
    };
    await Promise.all(others.map((db) => drain(createDeliveryTable(db))));
    await drain(deliveries);
    expect(new Set(claims.map(({ deliveryId }) => deliveryId)).size).toBe(40);
    expect(claims).toHaveLength(40);
    for (const db of others) await db.close();
  });

  it('of a process that is gone are made again, and its late word does not count', async () => {
    const id = await withDeliveries(1);
    await makeDue(id);
    const [lost] = await deliveries.claim(false, 10);
    await leasesEnd(id);
    const [again] = await deliveries.claim(false, 10);
    if (lost === undefined || again === undefined) throw new Error('not claimed');
    expect(again).toEqual({ ...lost, fence: lost.fence + 1 });
    expect(await deliveries.open(lost)).toBeUndefined();
    expect(await deliveries.record(lost, succeeded, nobody)).toBe(false);
    await deliveries.postpone(lost, 1);
    expect(await rowsOf(id)).toEqual([{ status: 'pending', fence: 2, attempt: 2 }]);
    expect(await deliveries.record(again, succeeded, nobody)).toBe(true);
    expect(await deliveries.record(again, failed, nobody)).toBe(false);
    expect(await rowsOf(id)).toEqual([{ status: 'success', fence: 2, attempt: 2 }]);
  });

  it('of a process that is gone are taken over by one that is there', async () => {
    await using receiver = await openReceiver();
    const id = await withDeliveries(3, receiver.url);
    await makeDue(id);
    expect(await deliveries.claim(false, 10)).toHaveLength(3);
    await leasesEnd(id);
    await started.take(0);
    await vi.waitFor(() => expect(receiver.received).toHaveLength(3), within);
    await vi.waitFor(async () => {
      expect((await rowsOf(id)).map(({ status }) => status)).toEqual(['success', 'success', 'success']);
    }, within);
  });

  it('are not made a ninth time when the process of the eighth is gone', async () => {
    await using receiver = await openReceiver();
    const id = await withDeliveries(1, receiver.url);
    await started.inRows(`update events.delivery set attempt = 7`);
    await makeDue(id);
    await deliveries.claim(false, 10);
    await leasesEnd(id);
    await started.take(0);
    await vi.waitFor(async () => expect(await rowsOf(id)).toMatchObject([{ status: 'failed' }]), within);
    expect(receiver.received).toEqual([]);
  });

  it('are never of a disabled endpoint, whose waiting deliveries fail', async () => {
    const id = await withDeliveries(3);
    await started.inRows(`update events.endpoint set is_enabled = false`);
    await makeDue(id);
    expect(await deliveries.claim(false, 10)).toEqual([]);
    expect((await rowsOf(id)).map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
  });

  it('say when the next delivery is due', async () => {
    const id = await withDeliveries(1);
    await started.inRows(`update events.delivery set due_at = now() + interval '40 seconds';
      update events.endpoint set due_at = now() + interval '40 seconds' where id = '${id}'`);
    const ms = await deliveries.nextDueInMs();
    expect(ms).toBeGreaterThan(30_000);
    expect(ms).toBeLessThanOrEqual(40_000);
  });
});

describe('the fiftieth failure in a row', () => {
  const isEnabled = async (id: string): Promise<boolean | undefined> => {
    const [row] = await started.inRows<{ on: boolean }>(
      `select is_enabled as on from events.endpoint where id = '${id}'`,
    );
    return row?.on;
  };
  /** Writes it down with a trail that does this at the intent. */
  const failOnceMore = async (id: string, open: Parameters<typeof createSystemAudit>[0]['open']): Promise<void> => {
    await started.inRows(`update events.endpoint set consecutive_failures = 49 where id = '${id}'`);
    await makeDue(id);
    const [claim] = await deliveries.claim(false, 1);
    if (claim === undefined) throw new Error('not claimed');
    const recordAttempt = createRecordAttempt({
      deliveries,
      audit: createSystemAudit({ open }, 'system:events'),
      disable: { webhook: nobody, subscription: nobody },
    });
    await recordAttempt(claim, { scopeId: claim.scopeId, endpointId: id }, failed);
  };

  it('disables between the intent and the outcome of its row', async () => {
    const id = await withDeliveries(1);
    const seen: (boolean | undefined)[] = [];
    await failOnceMore(id, async () => {
      seen.push(await isEnabled(id));
      return { close: async () => void seen.push(await isEnabled(id)), withdraw: nobody };
    });
    expect(seen).toEqual([true, false]);
  });

  it('is not written down without a journal, and comes again', async () => {
    const id = await withDeliveries(1);
    const unavailable = new VaultError('audit_unavailable', 'Full.');
    await expect(failOnceMore(id, () => Promise.reject(unavailable))).rejects.toBe(unavailable);
    expect(await isEnabled(id)).toBe(true);
    await leasesEnd(id);
    expect(await deliveries.claim(false, 1)).toHaveLength(1);
  });
});

describe('what is taken', () => {
  it('reaches every endpoint when many arrive at once', async () => {
    await using receiver = await openReceiver();
    const { id } = await admin.createWebhook(webhookTo(receiver.url));
    await Promise.all(Array.from({ length: 8 }, () => started.take(5)));
    await vi.waitFor(() => expect(receiver.received).toHaveLength(40), within);
    expect(new Set(receiver.received.map(({ headers }) => headers['x-scaivault-event-id'])).size).toBe(40);
    await vi.waitFor(async () => {
      const rows = await rowsOf(id);
      expect(rows.filter(({ status }) => status === 'success')).toHaveLength(40);
    }, within);
  });

  it('lies under row-level security', async () => {
    await withDeliveries(1);
    const seen = (scope: string) =>
      started.db.withScope(scope as ScopeId, async (tx) => {
        const [row] = await tx<{ n: number }[]>`
          select (select count(*) from webhook) + (select count(*) from endpoint) + (select count(*) from delivery)
            + (select count(*) from signing_secret) as n`;
        return row?.n;
      });
    expect(await seen('t:tnt_a')).toBe(4);
    expect(await seen('t:tnt_b')).toBe(0);
  });
});
