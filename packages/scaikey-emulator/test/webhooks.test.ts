import { describe, expect, test } from 'vitest';
import { call, newStateFile, startForTest } from './start-for-test.ts';
import { isGenuine, startWebhookReceiver } from './webhook-receiver.ts';

const types = (events: readonly { event_type: string }[]) => events.map(({ event_type }) => event_type);

describe('delivery', () => {
  test('sends the whole seed in order at the first start, signed and complete', async () => {
    const receiver = await startWebhookReceiver();
    const emulator = await startForTest({ webhook: { url: receiver.url, secret: 'a-test-secret' } });
    await emulator.deliverAll();
    expect(types(receiver.taken())).toEqual([
      ...Array(3).fill('partner.created'),
      ...Array(4).fill('tenant.created'),
      ...Array(7).fill('user.created'),
      ...Array(2).fill('group.created'),
      ...Array(2).fill('group.member.added'),
    ]);
    const ids = receiver.taken().map(({ event_id }) => event_id);
    expect(ids).toEqual([...new Set(ids)].sort());
    for (const one of receiver.received) {
      expect(isGenuine(one, 'a-test-secret')).toBe(true);
      expect(isGenuine(one, 'another-secret')).toBe(false);
      expect(one.headers['x-scaikey-event-id']).toBe(one.event.event_id);
      expect(one.headers['x-scaikey-event-type']).toBe(one.event.event_type);
      expect(one.headers['x-scaikey-signature']).toContain(`t=${one.headers['x-scaikey-timestamp']},`);
      expect(one.headers['x-scaikey-webhook-id']).toMatch(/^whk_/);
      expect(Object.keys(one.event).sort()).toEqual(
        ['event_id', 'event_type', 'timestamp', 'resource', 'actor', 'data', 'tenant_id', 'partner_id'].sort(),
      );
      expect(one.rawBody).not.toContain('development-secret');
    }
  });

  test('speaks of users, service accounts and memberships as the contract says', async () => {
    const receiver = await startWebhookReceiver();
    const emulator = await startForTest({ webhook: { url: receiver.url } });
    await emulator.deliverAll();
    const about = (type: string, id: string) =>
      receiver.taken().find(({ event_type, resource }) => event_type === type && resource.id === id);
    expect(about('user.created', 'usr_alice')).toMatchObject({
      resource: { type: 'user', id: 'usr_alice' },
      data: {
        email: 'alice@acme.example',
        first_name: 'Alice',
        status: 'ACTIVE',
        roles: ['tenant_admin'],
        mfa_enabled: true,
      },
      tenant_id: 'tnt_acme_prod',
      partner_id: 'ptn_acme',
    });
    expect(about('user.created', 'sa_ci')?.data).toMatchObject({ type: 'service_account', name: 'ci' });
    expect(about('group.member.added', 'grp_sre')).toMatchObject({ resource: { type: 'group', id: 'grp_sre' } });
    expect(about('group.member.added', 'grp_sre')?.data).toEqual({ group_id: 'grp_sre', user_id: 'usr_bob' });
    expect(about('group.member.added', 'grp_oncall')?.data).toEqual({ group_id: 'grp_oncall', user_id: 'usr_bob' });
    expect(about('partner.created', 'ptn_acme')).toMatchObject({ tenant_id: null, partner_id: 'ptn_acme' });
  });

  test('tries again after 503 and keeps the order', async () => {
    const receiver = await startWebhookReceiver();
    // The third event is refused three times; nothing may overtake it.
    receiver.answerWith((_event, count) => (count >= 2 && count < 5 ? 503 : 200));
    const emulator = await startForTest({ webhook: { url: receiver.url } });
    await emulator.deliverAll();
    const attempts = receiver.received.map(({ event }) => event.event_id);
    expect(new Set(attempts.slice(2, 6)).size).toBe(1);
    const taken = receiver.taken().map(({ event_id }) => event_id);
    expect(taken).toHaveLength(18);
    expect(taken).toEqual([...new Set(taken)].sort());
    expect(attempts).toHaveLength(21);
  });

  test('drops an event the receiver calls malformed, rather than block the rest', async () => {
    const receiver = await startWebhookReceiver();
    receiver.answerWith((event) => (event.resource.id === 'ptn_umbrella' ? 400 : 200));
    const emulator = await startForTest({ webhook: { url: receiver.url } });
    await emulator.deliverAll();
    expect(receiver.received).toHaveLength(18);
    expect(receiver.taken()).toHaveLength(17);
  });

  test('carries undelivered events over a restart, under the same ids', async () => {
    const stateFile = await newStateFile();
    const receiver = await startWebhookReceiver();
    receiver.answerWith(() => 503);
    const first = await startForTest({ stateFile, webhook: { url: receiver.url } });
    await first.directory.create('users', { tenant_id: 'tnt_acme_dev', email: 'new@acme.example' });
    await first.stop();
    await expect(first.deliverAll()).rejects.toMatchObject({ code: 'service_unavailable' });
    const tried = receiver.received[0]?.event.event_id;

    receiver.answerWith(() => 200);
    const second = await startForTest({ stateFile, webhook: { url: receiver.url } });
    await second.deliverAll();
    expect(receiver.taken()).toHaveLength(19);
    if (tried !== undefined) expect(receiver.taken()[0]?.event_id).toBe(tried);
    expect(receiver.taken().at(-1)).toMatchObject({ event_type: 'user.created', data: { email: 'new@acme.example' } });

    await second.stop();
    const third = await startForTest({ stateFile, webhook: { url: receiver.url } });
    await third.deliverAll();
    expect(receiver.taken()).toHaveLength(19);
  });

  test('waits for a receiver that is named later, and says so when asked to finish without one', async () => {
    const emulator = await startForTest();
    await expect(emulator.deliverAll()).rejects.toMatchObject({ code: 'invalid_config' });
    const receiver = await startWebhookReceiver();
    emulator.sendWebhooksTo(receiver.url);
    await emulator.deliverAll();
    expect(receiver.received.every((one) => isGenuine(one, emulator.webhookSecret))).toBe(true);
    expect(receiver.taken()).toHaveLength(18);
  });
});

describe('control calls', () => {
  const start = async () => {
    const receiver = await startWebhookReceiver();
    const emulator = await startForTest({ webhook: { url: receiver.url } });
    await emulator.deliverAll();
    receiver.received.length = 0;
    const control = async (method: string, path: string, json?: unknown) => {
      const answer = await call(method, `${emulator.url}/_dev/${path}`, json === undefined ? {} : { json });
      await emulator.deliverAll();
      return answer;
    };
    return { receiver, emulator, control, sent: () => types(receiver.taken()) };
  };

  test('send the event of each change to a user', async () => {
    const { control, sent, receiver } = await start();
    const { status, body: user } = await control('POST', 'users', {
      tenant_id: 'tnt_acme_dev',
      email: 'erin@acme.example',
    });
    expect(status).toBe(201);
    await control('PATCH', `users/${user.id}`, { first_name: 'Erin' });
    await control('PATCH', `users/${user.id}`, { status: 'SUSPENDED' });
    await control('PATCH', `users/${user.id}`, { status: 'ACTIVE' });
    await control('PATCH', `users/${user.id}`, { mfa_enabled: true });
    await control('PATCH', `users/${user.id}`, { mfa_enabled: false });
    await control('PATCH', `users/${user.id}`, { password_changed: true });
    expect((await control('DELETE', `users/${user.id}`)).status).toBe(204);
    expect(sent()).toEqual([
      'user.created',
      'user.updated',
      'user.suspended',
      'user.activated',
      'user.mfa_enabled',
      'user.mfa_disabled',
      'user.password_changed',
      'user.deleted',
    ]);
    expect(receiver.taken().at(-1)).toMatchObject({
      resource: { id: user.id },
      tenant_id: 'tnt_acme_dev',
      data: { status: 'DELETED' },
    });
    expect(JSON.stringify(receiver.taken())).not.toContain('password_changed":');
  });

  test('suspend a tenant by an update that carries its status', async () => {
    const { control, receiver } = await start();
    await control('PATCH', 'tenants/tnt_acme_dev', { status: 'SUSPENDED' });
    expect(receiver.taken()).toMatchObject([
      {
        event_type: 'tenant.updated',
        data: { status: 'SUSPENDED' },
        tenant_id: 'tnt_acme_dev',
        partner_id: 'ptn_acme',
      },
    ]);
  });

  test('spell membership events in all three ways, and tell of nested groups too', async () => {
    const { control, receiver } = await start();
    await control('POST', 'members', { group_id: 'grp_sre', user_id: 'usr_alice', spelling: 'underscored' });
    await control('DELETE', 'members/grp_sre/usr_alice?spelling=resource');
    await control('DELETE', 'members/grp_oncall/grp_sre');
    const told = receiver.taken().map(({ event_type, data }) => [event_type, data.group_id, data.user_id]);
    expect(told).toEqual([
      ['group.member_added', 'grp_sre', 'usr_alice'],
      ['group.member_added', 'grp_oncall', 'usr_alice'],
      ['group_membership.removed', 'grp_sre', 'usr_alice'],
      ['group_membership.removed', 'grp_oncall', 'usr_alice'],
      ['group.member.removed', 'grp_oncall', 'usr_bob'],
    ]);
  });

  test('remove what a deleted partner, tenant or group contains', async () => {
    const { control, emulator, sent } = await start();
    await control('DELETE', 'groups/grp_sre');
    await control('DELETE', 'partners/ptn_acme');
    // grp_sre's own membership ends with the group; oncall still exists and loses bob.
    expect(sent()).toEqual(['group.deleted', 'group.member.removed', 'partner.deleted']);
    expect(emulator.directory.data.tenants.map(({ id }) => id)).toEqual(['tnt_umbrella_prod', 'tnt_scailabs_ops']);
    expect(emulator.directory.find('bob@acme.example')).toBeUndefined();
    expect(emulator.directory.data.groups).toEqual([]);
  });

  test('stay silent on request, so that only a full sync can notice', async () => {
    const { control, sent, emulator } = await start();
    await control('DELETE', 'users/usr_bob?silent=true');
    expect(emulator.directory.find('usr_bob')).toBeUndefined();
    expect(sent()).toEqual([]);
  });

  test.each([
    ['an unknown field', 'POST', 'users', { tenant_id: 'tnt_acme_dev', email: 'a@b.example', mail: 'x' }, 400],
    ['a person without an e-mail', 'POST', 'users', { tenant_id: 'tnt_acme_dev' }, 400],
    ['an unknown tenant', 'POST', 'users', { tenant_id: 'tnt_none', email: 'a@b.example' }, 404],
    ['an e-mail in use', 'POST', 'users', { tenant_id: 'tnt_acme_dev', email: 'Bob@acme.example' }, 409],
    ['an id in use', 'POST', 'groups', { id: 'grp_sre', tenant_id: 'tnt_acme_dev', name: 'x' }, 409],
    ['a rename onto a twin', 'PATCH', 'tenants/tnt_acme_dev', { slug: 'acme-prod' }, 409],
    ['an unknown object', 'PATCH', 'users/usr_none', { first_name: 'x' }, 404],
    ['an empty change', 'PATCH', 'users/usr_bob', {}, 400],
    ['an unknown member', 'POST', 'members', { group_id: 'grp_sre', user_id: 'usr_none' }, 404],
    ['a group inside itself', 'POST', 'members', { group_id: 'grp_sre', member_group_id: 'grp_oncall' }, 400],
  ])('refuse %s, changing and sending nothing', async (_name, method, path, json, status) => {
    const { control, emulator, sent } = await start();
    const before = JSON.stringify(emulator.directory.data);
    expect((await control(method, path, json)).status).toBe(status);
    expect(JSON.stringify(emulator.directory.data)).toBe(before);
    expect(sent()).toEqual([]);
  });
});

describe('POST /_dev/webhooks:send', () => {
  const start = async () => {
    const receiver = await startWebhookReceiver();
    const emulator = await startForTest({ webhook: { url: receiver.url } });
    await emulator.deliverAll();
    receiver.received.length = 0;
    const send = (json: unknown) => call('POST', `${emulator.url}/_dev/webhooks:send`, { json });
    return { receiver, emulator, send };
  };

  test('sends any event and reports the answer', async () => {
    const { receiver, emulator, send } = await start();
    const { body } = await send({ event_type: 'session.started', data: { id: 's1' }, tenant_id: 'tnt_acme_prod' });
    expect(body.deliveries).toMatchObject([{ status: 200 }]);
    expect(receiver.received[0]?.event).toMatchObject({
      event_id: body.event_id,
      resource: { type: 'session', id: 's1' },
      tenant_id: 'tnt_acme_prod',
    });
    expect(isGenuine(receiver.received[0]!, emulator.webhookSecret)).toBe(true);
  });

  test('spoils signature, time, headers and order on demand', async () => {
    const { receiver, emulator, send } = await start();
    const event = { event_type: 'user.updated', data: { id: 'usr_bob' } };
    await send({ ...event, signature: 'bad' });
    await send({ ...event, signature: 'missing' });
    await send({ ...event, age_seconds: 400 });
    await send({ ...event, header_event_id: 'evt_other' });
    await send({ ...event, out_of_order: true });
    const [bad, missing, old, mismatched, late] = receiver.received;
    expect(isGenuine(bad!, emulator.webhookSecret)).toBe(false);
    expect(missing?.headers).not.toHaveProperty('x-scaikey-signature');
    expect(isGenuine(old!, emulator.webhookSecret)).toBe(false);
    expect(isGenuine(old!, emulator.webhookSecret, Date.now() - 400_000)).toBe(true);
    expect(mismatched?.headers['x-scaikey-event-id']).not.toBe(mismatched?.event.event_id);
    expect(isGenuine(late!, emulator.webhookSecret)).toBe(true);
    expect(Date.now() - Date.parse(late!.event.timestamp)).toBeGreaterThan(3_500_000);
  });

  test('repeats one event under one id', async () => {
    const { receiver, send } = await start();
    const { body } = await send({
      event_type: 'group_membership.added',
      data: { group_id: 'g', user_id: 'u' },
      repeat: 3,
    });
    expect(body.deliveries).toHaveLength(3);
    expect(new Set(receiver.received.map(({ event }) => event.event_id)).size).toBe(1);
  });
});
