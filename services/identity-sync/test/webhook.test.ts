import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  event,
  partnerEvent,
  type StartedIdentitySync,
  sign,
  startIdentitySync,
  type TestEvent,
  tenantEvent,
  webhookSecrets,
} from './start-identity-sync.ts';

describeOnEveryWire('the webhook', (wire) => {
  let started: StartedIdentitySync;
  beforeAll(async () => {
    started = await startIdentitySync(wire);
    await started.send(tenantEvent('created', 'tnt_a'));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  const post = (sent: TestEvent, change: Partial<Parameters<typeof started.webhook.receiveScaiKeyEvent>[0]> = {}) => {
    const body = bytes(JSON.stringify(sent));
    const headers = { eventId: sent.event_id, eventType: sent.event_type, signature: sign(body) };
    return started.webhook.receiveScaiKeyEvent({ body, ...headers, ...change });
  };
  const isKnown = async (subject: string) =>
    (await started.feed.lookupCaller({ tenantId: 'tnt_a', subject, identityId: 'user:x' })).found;
  const user = (id: string) => event('user.created', id, { data: { email: `${id}@a.example` } });

  it('takes either secret during a rotation', async () => {
    for (const [index, secret] of webhookSecrets.entries()) {
      expect(await started.send(user(`usr_secret_${index}`), secret)).toMatchObject({ handled: true });
      expect(await isKnown(`usr_secret_${index}`)).toBe(true);
    }
  });

  it('refuses wrong, missing, old and future signatures alike, and changes nothing', async () => {
    const sent = user('usr_unsigned');
    const body = JSON.stringify(sent);
    const signatures = [
      sign(body, 'no secret of ours'),
      sign(`${body} `),
      sign(body, webhookSecrets[0], 310),
      sign(body, webhookSecrets[0], -310),
      'v1=00',
    ];
    const refusal = {
      code: 'signature_invalid',
      message: 'The signature of this event is not valid.',
      details: undefined,
    };
    for (const signature of signatures) await expect(post(sent, { signature })).rejects.toMatchObject(refusal);
    const { signature: _left, ...unsigned } = { body: bytes(body), signature: '' };
    await expect(
      started.webhook.receiveScaiKeyEvent({ ...unsigned, eventId: sent.event_id, eventType: sent.event_type }),
    ).rejects.toMatchObject(refusal);
    expect(await isKnown('usr_unsigned')).toBe(false);
    expect(await started.counted('unverified', 'signature_invalid')).toBe(6);
  });

  it('says nothing about a body that is not signed', async () => {
    await expect(
      started.webhook.receiveScaiKeyEvent({ body: bytes('no json'), signature: 't=1,v1=00', eventId: 'x' }),
    ).rejects.toMatchObject({ code: 'signature_invalid' });
  });

  it('refuses a signed body that is no event', async () => {
    for (const text of ['', 'no json', '[]', '{}', '"x"', JSON.stringify({ ...user('usr_x'), timestamp: 'now' })]) {
      const body = bytes(text);
      await expect(
        started.webhook.receiveScaiKeyEvent({ body, signature: sign(body), eventId: 'x', eventType: 'y' }),
      ).rejects.toMatchObject({ code: 'invalid_request', details: { reason: 'invalid_event' } });
    }
  });

  it('refuses headers that name another event than the body, or none', async () => {
    const sent = user('usr_headers');
    const field = (name: string) => ({ code: 'invalid_request', details: { reason: 'invalid_event', field: name } });
    await expect(post(sent, { eventId: 'evt_other' })).rejects.toMatchObject(field('event_id'));
    await expect(post(sent, { eventType: 'user.deleted' })).rejects.toMatchObject(field('event_type'));
    const body = bytes(JSON.stringify(sent));
    await expect(started.webhook.receiveScaiKeyEvent({ body, signature: sign(body) })).rejects.toMatchObject(
      field('event_id'),
    );
    expect(await isKnown('usr_headers')).toBe(false);
  });

  it('refuses more than a mebibyte, signed or not', async () => {
    const padded = (length: number): TestEvent => {
      const sent = event('auth.login', 'usr_1', { data: { pad: '' } });
      return { ...sent, data: { pad: 'x'.repeat(length - JSON.stringify(sent).length) } };
    };
    expect(await post(padded(1_048_576))).toMatchObject({ handled: false });
    await expect(post(padded(1_048_577))).rejects.toMatchObject({
      code: 'payload_too_large',
      details: { limit_bytes: 1_048_576, actual_bytes: 1_048_577 },
    });
  });

  it('leaves a row in the trail of the tenant it speaks of, and of no tenant it does not know', async () => {
    const { journal } = started.vault;
    const rows = () => journal.outcomes.length;
    const before = rows();
    const sent = user('usr_audited');
    await started.send(sent);
    const row = journal.outcomes.at(-1);
    expect(row).toMatchObject({
      tenantId: 'tnt_a',
      action: 'identity_webhook',
      identityType: 'system',
      identityId: 'system:identity-sync',
      success: true,
    });
    expect(JSON.parse(new TextDecoder().decode(row?.extraData))).toEqual({
      event_type: 'user.created',
      event_id: sent.event_id,
      result: 'applied',
    });
    expect(journal.intents.at(-1)?.tenantId).toBe('tnt_a');
    expect(rows()).toBe(before + 1);
    await started.send(event('user.created', 'usr_nowhere', { tenant_id: 'tnt_unheard_of' }));
    await started.send(partnerEvent('updated', 'ptn_x'));
    await expect(post(sent, { signature: 'none' })).rejects.toThrow();
    expect(rows()).toBe(before + 1);
    await started.send(tenantEvent('created', 'tnt_new'));
    expect(journal.outcomes.at(-1)).toMatchObject({ tenantId: 'tnt_new', success: true });
  });

  it('writes no address and no secret into the log', async () => {
    await started.send(user('usr_logged'));
    const log = started.vault.logLines.join('\n');
    for (const text of ['usr_logged@a.example', ...webhookSecrets]) expect(log).not.toContain(text);
  });
});

describeOnEveryWire('the webhook without a secret', (wire) => {
  it('answers 503, so that the sender tries again', async () => {
    await using started = await startIdentitySync(wire, { SCAIKEY_WEBHOOK_SECRET: '' });
    await expect(started.send(event('user.created', 'usr_1'), '')).rejects.toMatchObject({
      code: 'service_unavailable',
    });
  });
});
