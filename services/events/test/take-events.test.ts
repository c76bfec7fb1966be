import type { PartnerId, ScopeId, TenantId } from '@scaivault/tenancy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventOf, listenerOf, type OpenEvents, openEvents } from './open-events.ts';

const ofPartnerX = { kind: 'partner', partnerId: 'ptn_x' as PartnerId } as const;

let opened: OpenEvents;
beforeAll(async () => {
  opened = await openEvents();
});
afterAll(() => opened[Symbol.asyncDispose]());
beforeEach(async () => {
  await opened.owner.sql`truncate events.listener, events.event cascade`;
  opened.given.webhook.length = 0;
  opened.given.subscription.length = 0;
});

const stored = () =>
  opened.owner.sql<{ scope: string; id: string }[]>`select scope_id as "scope", id from events.event order by 1, 2`;

describe('events that are taken', () => {
  it('go to every listener of the tenant that wants them, and are stored once', async () => {
    const hook = await opened.listen(listenerOf({ events: ['secret.*'] }));
    const other = await opened.listen(listenerOf({ filters: { pathPrefix: 'app', secretType: 'kv', tags: ['crm'] } }));
    const subscription = await opened.listen(listenerOf({ kind: 'subscription', paths: ['app/*'] }));
    await opened.listen(listenerOf({ events: ['policy.*'] }));
    await opened.listen(listenerOf({ kind: 'subscription', paths: ['other/*'] }));
    const event = eventOf();
    await opened.take([event]);
    expect(new Set(opened.given.webhook)).toEqual(
      new Set([
        ['t:tnt_a', hook.id, event.id],
        ['t:tnt_a', other.id, event.id],
      ]),
    );
    expect(opened.given.subscription).toEqual([['t:tnt_a', subscription.id, event.id]]);
    expect(await stored()).toEqual([{ scope: 't:tnt_a', id: event.id }]);
  });

  it('are handed on in the order they came', async () => {
    const { id } = await opened.listen(listenerOf());
    const batch = Array.from({ length: 20 }, () => eventOf()).toReversed();
    await opened.take(batch);
    expect(opened.given.webhook).toEqual(batch.map((event) => ['t:tnt_a', id, event.id]));
  });

  it('are not kept where nobody listens, or nobody active', async () => {
    await opened.listen(listenerOf(), false);
    await opened.listen(listenerOf({ events: ['lease.*'] }));
    await opened.take([eventOf()]);
    expect(opened.given.webhook).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  it('never go to another tenant, also not to one of the same partner', async () => {
    await opened.listen(listenerOf({ scopeId: 't:tnt_b' as ScopeId }));
    await opened.take([eventOf()]);
    expect(opened.given.webhook).toEqual([]);
  });

  it('go to each tenant of the partner when they are about its shared objects, and to no other', async () => {
    const a = await opened.listen(listenerOf());
    const b = await opened.listen(listenerOf({ scopeId: 't:tnt_b' as ScopeId }));
    await opened.listen(listenerOf({ scopeId: 't:tnt_c' as ScopeId, partnerId: 'ptn_y' as PartnerId }));
    const shared = eventOf({ audience: ofPartnerX, path: 'partner/app/db' });
    const own = eventOf({ audience: { kind: 'tenant', tenantId: 'tnt_b' as TenantId } });
    await opened.take([shared, own]);
    expect(opened.given.webhook).toEqual([
      ['t:tnt_a', a.id, shared.id],
      ['t:tnt_b', b.id, shared.id],
      ['t:tnt_b', b.id, own.id],
    ]);
    expect((await stored()).map(({ scope }) => scope).toSorted()).toEqual(['t:tnt_a', 't:tnt_b', 't:tnt_b']);
  });

  it('go by the partner that a tenant has now, and to no tenant that is gone', async () => {
    await opened.listen(listenerOf());
    await opened.listen(listenerOf({ scopeId: 't:tnt_gone' as ScopeId }));
    opened.partners.set('t:tnt_a', 'ptn_y');
    await opened.take([
      eventOf({ audience: ofPartnerX }),
      eventOf({ audience: { kind: 'tenant', tenantId: 'tnt_gone' as TenantId } }),
    ]);
    expect(opened.given.webhook).toEqual([]);
    opened.partners.set('t:tnt_a', 'ptn_x');
  });

  it('are given out once, however often they come and at whatever time', async () => {
    await opened.listen(listenerOf());
    const [first, second, third] = [eventOf(), eventOf(), eventOf()];
    await opened.take([first, second]);
    await Promise.all([opened.take([first, second]), opened.take([second, third, third])]);
    expect(opened.given.webhook.map(([, , id]) => id).toSorted()).toEqual([first.id, second.id, third.id].toSorted());
  });

  it('leave nothing behind when one of their listeners cannot be served', async () => {
    await opened.listen(listenerOf());
    const unfit = eventOf({ data: JSON.stringify({ text: 'x'.repeat(70_000) }) });
    await expect(opened.take([eventOf(), unfit])).rejects.toThrow();
    expect(await stored()).toEqual([]);
  });

  it('are stored as the envelope that every receiver gets', async () => {
    await opened.listen(listenerOf());
    const event = eventOf();
    await opened.take([event, eventOf({ path: null, audience: ofPartnerX, requestId: null })]);
    const rows = await opened.owner.sql<{ body: string }[]>`select body from events.event order by id`;
    expect(rows[0]?.body).toBe(
      `{"event_id":"${event.id}","event_type":"secret.rotated","timestamp":"2026-09-21T14:13:20.123456Z",` +
        '"tenant_id":"tnt_a","partner_id":"ptn_x","identity_id":"user:ada@a.example","path":"app/db",' +
        '"data":{"old_version":1,"new_version":2},"request_id":"req_1"}',
    );
    expect(JSON.parse(rows[1]?.body ?? '')).toMatchObject({ tenant_id: null, partner_id: 'ptn_x', request_id: null });
    expect(rows[1]?.body).not.toContain('"path"');
  });
});

describe('events that are kept', () => {
  it('are forgotten after their time, a bounded number at once', async () => {
    await opened.listen(listenerOf());
    await opened.take([eventOf(), eventOf(), eventOf()]);
    await opened.owner
      .sql`update events.event set received_at = now() - interval '31 days' where id < (select max(id) from events.event)`;
    const before = (Date.now() - 30 * 86_400_000) * 1000;
    expect(await opened.events.forget(before, 1)).toBe(1);
    expect(await opened.events.forget(before, 10)).toBe(1);
    expect(await stored()).toHaveLength(1);
  });
});

describe('listeners to reads of secrets', () => {
  it('are known by their tenants and the partners of these, whatever name they listen to', async () => {
    await opened.listen(listenerOf({ events: ['secret.accessed'] }));
    await opened.listen(listenerOf({ scopeId: 't:tnt_b' as ScopeId, events: ['policy.*', 'secret.*'] }));
    const others = { scopeId: 't:tnt_c' as ScopeId, partnerId: 'ptn_y' as PartnerId };
    await opened.listen(listenerOf({ ...others, events: ['secret.created', 'policy.*'] }));
    await opened.listen(listenerOf({ ...others, events: ['*'] }), false);
    expect((await opened.listeners.findAccessScopes(10)).toSorted()).toEqual(['p:ptn_x', 't:tnt_a', 't:tnt_b']);
  });
});

describe('row-level security', () => {
  it('shows a transaction the rows of its tenant only', async () => {
    await opened.listen(listenerOf());
    await opened.take([eventOf()]);
    const seen = (scope: string) =>
      opened.db.withScope(scope as ScopeId, async (tx) => {
        const [row] = await tx<{ n: number }[]>`
          select (select count(*) from listener) + (select count(*) from event) as n`;
        return row?.n;
      });
    expect(await seen('t:tnt_a')).toBe(2);
    expect(await seen('t:tnt_b')).toBe(0);
  });
});
