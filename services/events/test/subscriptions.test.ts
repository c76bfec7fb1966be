import type { Client } from '@connectrpc/connect';
import { SubscriptionService } from '@scaivault/contracts';
import { isVaultError } from '@scaivault/errors';
import { headersOf } from '@scaivault/runtime';
import { newId } from '@scaivault/tenancy';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { polling, type StartedEvents, startEvents } from './start-events.ts';

type Subscriptions = Client<typeof SubscriptionService>;

describeOnEveryWire('subscriptions', (wire) => {
  let started: StartedEvents;
  let bob: Subscriptions;
  let eve: Subscriptions;
  let admin: Subscriptions;
  beforeAll(async () => {
    started = await startEvents(wire);
    bob = await started.user('bob');
    eve = await started.user('eve');
    admin = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    await started.inRows('delete from listener');
    started.vault.journal.outcomes.length = 0;
  });

  const codeOf = async (call: Promise<unknown>): Promise<string> => {
    try {
      await call;
      return 'ok';
    } catch (error) {
      if (!isVaultError(error)) throw error;
      const [field] = (error.details?.fields ?? []) as readonly { field: string; rule: string }[];
      return [error.code, error.details?.reason, field && `${field.field} ${field.rule}`].filter(Boolean).join(' ');
    }
  };

  it('are what was asked for, with an address of their own, and can be read again', async () => {
    let location: string | null = null;
    const created = await bob.createSubscription(
      polling({
        paths: ['app/**', 'pki/web'],
        events: ['secret.*', 'key.rotated'],
        filters: { pathPrefix: 'app', secretType: 'kv', tags: ['crm'] },
        delivery: { type: 'polling', bufferSize: 5 },
      }),
      { onHeader: (headers) => (location = headers.get('location')) },
    );
    expect(created).toMatchObject({
      name: 'mine',
      status: 'active',
      identityId: 'user:bob@a.example',
      paths: ['app/**', 'pki/web'],
      events: ['secret.*', 'key.rotated'],
      delivery: { type: 'polling', bufferSize: 5 },
      filters: { pathPrefix: 'app', secretType: 'kv', tags: ['crm'] },
    });
    expect(location).toBe(`/v1/subscriptions/${created.id}`);
    expect(await bob.getSubscription({ subscriptionId: created.id })).toEqual(created);
    const plain = await bob.createSubscription(polling({ filters: {} }));
    expect(plain.delivery?.bufferSize).toBe(1000);
    expect(await bob.getSubscription({ subscriptionId: plain.id })).toEqual(plain);
    expect(plain.filters).toBeUndefined();
  });

  it('change in what is given and keep the rest', async () => {
    const { id } = await bob.createSubscription(polling({ filters: { tags: ['crm'] } }));
    const changed = await bob.updateSubscription({
      subscriptionId: id,
      name: 'other',
      paths: ['x/*'],
      status: 'paused',
      delivery: { bufferSize: 7 },
    });
    expect(changed).toMatchObject({ name: 'other', paths: ['x/*'], events: ['*'], status: 'paused' });
    expect(changed).toMatchObject({ delivery: { type: 'polling', bufferSize: 7 }, filters: { tags: ['crm'] } });
    expect(await bob.getSubscription({ subscriptionId: id })).toEqual(changed);
    expect((await bob.updateSubscription({ subscriptionId: id, nulls: ['filters'] })).filters).toBeUndefined();
    await bob.deleteSubscription({ subscriptionId: id });
    expect(await codeOf(bob.getSubscription({ subscriptionId: id }))).toBe('subscription_not_found');
  });

  describe('are for their owner', () => {
    /** One after the other: the last one deletes. */
    const attempts = async (who: Subscriptions, subscriptionId: string): Promise<string[]> => [
      await codeOf(who.getSubscription({ subscriptionId })),
      await codeOf(who.updateSubscription({ subscriptionId, name: 'stolen' })),
      await codeOf(who.pollSubscription({ subscriptionId, timeout: 0 })),
      await codeOf(who.acknowledgeEvents({ subscriptionId, eventIds: ['evt_1'] })),
      await codeOf(who.deleteSubscription({ subscriptionId })),
    ];
    const nothing = Array(5).fill('subscription_not_found');

    it('and like nothing at all to others, to other tenants and to a new bearer of the name', async () => {
      const { id } = await bob.createSubscription(polling());
      expect(await attempts(eve, id)).toEqual(nothing);
      expect(await attempts(await started.user('bob', { tenant_id: 'tnt_b' }), id)).toEqual(nothing);
      expect(await attempts(await started.admin({ tenant_id: 'tnt_b' }), id)).toEqual(nothing);
      expect(await attempts(await started.user('bob', { sub: 'usr_newbob' }), id)).toEqual(nothing);
      expect(await attempts(bob, newId('sub'))).toEqual(nothing);
      expect(await attempts(bob, 'sub_1')).toEqual(nothing);
      expect(await attempts(bob, id)).toEqual(Array(5).fill('ok'));
    });

    it('of the same subject in another tenant too, when somebody acts abroad', async () => {
      const { id } = await bob.createSubscription(polling());
      const abroad = await started.vault.client(
        SubscriptionService,
        { sub: 'usr_bob', email: 'bob@b.example', tenant_id: 'tnt_b', roles: ['partner_admin'] },
        { 'x-tenant-id': 'tnt_a' },
      );
      expect(await codeOf(abroad.updateSubscription({ subscriptionId: id, name: 'mine now' }))).toBe(
        'subscription_not_found',
      );
      expect(await codeOf(abroad.pollSubscription({ subscriptionId: id, timeout: 0 }))).toBe('subscription_not_found');
    });

    it('and for tenant admins to see and to delete, no more', async () => {
      const { id } = await bob.createSubscription(polling());
      expect(await attempts(admin, id)).toEqual([
        'ok',
        'subscription_not_found',
        'subscription_not_found',
        'subscription_not_found',
        'ok',
      ]);
      expect(await codeOf(bob.getSubscription({ subscriptionId: id }))).toBe('subscription_not_found');
    });

    it('in lists: everybody sees the own, tenant admins all of their tenant', async () => {
      const own = await bob.createSubscription(polling());
      const others = await eve.createSubscription(polling());
      await (await started.user('bob', { tenant_id: 'tnt_b' })).createSubscription(polling());
      const ids = async (who: Subscriptions) => (await who.listSubscriptions({})).subscriptions.map(({ id }) => id);
      expect(await ids(bob)).toEqual([own.id]);
      expect(await ids(eve)).toEqual([others.id]);
      expect(await ids(admin)).toEqual([own.id, others.id]);
      const first = await admin.listSubscriptions({ limit: 1 });
      expect(first).toMatchObject({ subscriptions: [{ id: own.id }], hasMore: true });
      const { cursor = '' } = first;
      expect((await admin.listSubscriptions({ cursor })).subscriptions.map(({ id }) => id)).toEqual([others.id]);
      expect(await codeOf(bob.listSubscriptions({ cursor }))).toBe('invalid_cursor');
    });
  });

  it('are at most 20 of one identity, also when they are asked for at once', async () => {
    const create = () => codeOf(bob.createSubscription(polling()));
    const results = await Promise.all(Array.from({ length: 24 }, create));
    expect(results.filter((code) => code === 'ok')).toHaveLength(20);
    expect(results.filter((code) => code === 'invalid_config too_many')).toHaveLength(4);
    expect(await codeOf(eve.createSubscription(polling()))).toBe('ok');
    const [last] = (await bob.listSubscriptions({ limit: 1 })).subscriptions;
    await bob.deleteSubscription({ subscriptionId: last?.id ?? '' });
    expect(await create()).toBe('ok');
  });

  it.each([
    ['no path', { paths: [] }, 'validation_error paths required'],
    ['51 paths', { paths: Array(51).fill('a') }, 'validation_error paths length'],
    ['a path that is no glob', { paths: ['a', 'A/b'] }, 'invalid_glob character'],
    ['a path from the root', { paths: ['/app'] }, 'invalid_glob slash'],
    ['no event', { events: [] }, 'validation_error events required'],
    ['an unknown event', { events: ['secret.read'] }, 'validation_error events[0] enum'],
    ['no delivery', { delivery: undefined }, 'validation_error delivery required'],
    ['an unknown delivery', { delivery: { type: 'mail' } }, 'validation_error delivery.type enum'],
    [
      'an empty buffer',
      { delivery: { type: 'polling', bufferSize: 0 } },
      'validation_error delivery.buffer_size range',
    ],
    [
      'a huge buffer',
      { delivery: { type: 'polling', bufferSize: 10_001 } },
      'validation_error delivery.buffer_size range',
    ],
    [
      'an address for a buffer',
      { delivery: { type: 'polling', url: 'https://a.example' } },
      'validation_error delivery.url conflict',
    ],
    ['a prefix that is no path', { filters: { pathPrefix: 'A' } }, 'invalid_path grammar'],
    ['an unknown type', { filters: { secretType: 'pdf' } }, 'invalid_secret_type'],
  ])('with %s are refused', async (_what, more, code) => {
    expect(await codeOf(bob.createSubscription(polling(more)))).toBe(code);
    expect((await bob.listSubscriptions({})).subscriptions).toEqual([]);
  });

  it('keep the kind of their delivery and what cannot be null', async () => {
    const { id } = await bob.createSubscription(polling());
    const change = (more: object) => codeOf(bob.updateSubscription({ subscriptionId: id, ...more }));
    expect(await change({ delivery: { type: 'webhook' } })).toBe('validation_error delivery.type conflict');
    expect(await change({ delivery: { nulls: ['buffer_size'] } })).toBe(
      'validation_error delivery.buffer_size required',
    );
    expect(await change({ nulls: ['name'] })).toBe('validation_error name required');
    expect(await change({ status: 'disabled' })).toBe('validation_error status enum');
    expect(await change({ paths: ['**x'] })).toContain('invalid_glob');
    expect(await change({ events: ['x'] })).toBe('validation_error events[0] enum');
  });

  it('ask for their scopes', async () => {
    const reader = await started.user('bob', { scope: 'subscriptions:read' });
    const writer = await started.user('bob', { scope: 'subscriptions:write' });
    const { id: subscriptionId } = await writer.createSubscription(polling());
    expect(await codeOf(reader.pollSubscription({ subscriptionId, timeout: 0 }))).toBe('ok');
    expect(await codeOf(reader.acknowledgeEvents({ subscriptionId, eventIds: ['x'] }))).toBe('ok');
    expect(await codeOf(writer.pollSubscription({ subscriptionId, timeout: 0 }))).toBe('insufficient_scope');
    expect(await codeOf(reader.updateSubscription({ subscriptionId, name: 'x' }))).toBe('insufficient_scope');
    expect(await codeOf(reader.deleteSubscription({ subscriptionId }))).toBe('insufficient_scope');
  });

  it('are made once for one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': `key-${wire}` };
    const replayed: (string | null)[] = [];
    const create = () =>
      bob.createSubscription(polling(), {
        headers,
        onHeader: (seen) => replayed.push(seen.get('idempotency-replayed')),
      });
    const [first, again] = [await create(), await create()];
    expect(again).toEqual(first);
    expect(replayed).toEqual([null, 'true']);
    expect((await bob.listSubscriptions({})).subscriptions).toHaveLength(1);
    const other = bob.createSubscription(polling({ name: 'other' }), { headers });
    await expect(other).rejects.toSatisfy(
      (error) => isVaultError(error, 'idempotency_conflict') && headersOf(error) !== null,
    );
  });

  it('leave rows that name them', async () => {
    const { id } = await bob.createSubscription(polling());
    await bob.updateSubscription({ subscriptionId: id, name: 'x' });
    await bob.getSubscription({ subscriptionId: id });
    await bob.deleteSubscription({ subscriptionId: id });
    const rows = started.vault.journal.outcomes.map(({ action, success, extraData }) => [
      action,
      success,
      (JSON.parse(Buffer.from(extraData).toString()) as { subscription_id?: string }).subscription_id,
    ]);
    expect(rows).toEqual([
      ['subscription_create', true, id],
      ['subscription_update', true, id],
      ['config_read', true, id],
      ['subscription_delete', true, id],
    ]);
  });
});
