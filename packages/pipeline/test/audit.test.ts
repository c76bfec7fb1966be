import { IdentityService, SecretsService } from '@scaivault/contracts';
import { VaultError } from '@scaivault/errors';
import { describeOnEveryWire, type Wire } from '@scaivault/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callOf, metadataNames, noteForAudit } from '../src/index.ts';
import { extraOf, openProbe, type Probe, reader, readersPolicy, refusalOf } from './open-probe.ts';

describeOnEveryWire('the audit trail', (wire) => {
  let probe: Probe;
  beforeEach(async () => {
    probe = await openProbe(wire, { RATE_LIMIT_AUTH_FAILURES: '3' });
    probe.started.world.policies.push(readersPolicy);
  });
  afterEach(() => probe.started[Symbol.asyncDispose]());

  const read = async (path: string, claims: object = {}, headers: Record<string, string> = {}): Promise<string> => {
    const client = await probe.started.client(SecretsService, { ...reader('bob'), ...claims }, headers);
    return (await refusalOf(client.readSecret({ path })))?.code ?? 'ok';
  };
  const rows = () => probe.started.journal.outcomes;
  const lastExtra = (): unknown => extraOf(rows().at(-1));

  it('has the intent before the handler runs, and the outcome before the answer leaves', async () => {
    let atHandler: readonly number[] = [];
    probe.onRead = () => {
      atHandler = [probe.started.journal.intents.length, rows().length];
    };
    expect(
      await read('app/db', {}, { [metadataNames.sourceIp]: '203.0.113.9', [metadataNames.userAgent]: 'curl/8' }),
    ).toBe('ok');
    expect(atHandler).toEqual([1, 0]);
    expect(rows()).toHaveLength(1);
    expect(rows()[0]).toMatchObject({
      id: probe.started.journal.intents[0]?.id,
      tenantId: 'tnt_a',
      action: 'read',
      identityType: 'user',
      identityId: 'user:bob@a.example',
      secretPath: 'app/db',
      sourceIp: '203.0.113.9',
      userAgent: 'curl/8',
      success: true,
      policyId: 'pol_readers',
    });
    expect(rows()[0]).not.toHaveProperty('errorCode');
    expect(rows()[0]?.id).toMatch(/^log_/);
    expect(rows()[0]?.requestId).toMatch(/^req_/);
  });

  it('waits for the journal on both sides of the handler', async () => {
    const { journal } = probe.started;
    const events: string[] = [];
    const slowly =
      (name: string, keep: typeof journal.intent): typeof journal.intent =>
      async (id, bytes) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await keep(id, bytes);
        events.push(name);
      };
    journal.intent = slowly('intent', journal.intent);
    journal.outcome = slowly('outcome', journal.outcome);
    probe.onRead = () => void events.push('handler');
    await read('app/db');
    events.push('answer');
    expect(events).toEqual(['intent', 'handler', 'outcome', 'answer']);
  });

  it('carries what the handler adds', async () => {
    probe.onRead = (context) => noteForAudit(context, { version: 3 });
    await read('app/db', {}, { [metadataNames.clientRequestId]: 'mine-1' });
    expect(lastExtra()).toEqual({ client_request_id: 'mine-1', version: 3 });
  });

  it('says with which code the handler failed, and nothing of a foreign failure', async () => {
    probe.onRead = () => {
      throw new VaultError('secret_not_found', 'There is no such secret.');
    };
    expect(await read('app/db')).toBe('secret_not_found');
    probe.onRead = () => {
      throw new Error('canary');
    };
    expect(await read('app/db')).toBe('internal_error');
    expect(rows().map(({ success, errorCode }) => [success, errorCode])).toEqual([
      [false, 'secret_not_found'],
      [false, 'internal_error'],
    ]);
    expect(Buffer.concat(rows().map((row) => row.extraData)).toString()).not.toContain('canary');
    expect(probe.started.logLines.join()).toContain('canary');
  });

  it('has none of a request that the handler finds to be malformed, nor one of unknown outcome', async () => {
    for (const code of ['invalid_cursor', 'invalid_config', 'validation_error', 'payload_too_large'] as const) {
      probe.onRead = () => {
        throw new VaultError(code, 'No.');
      };
      expect(await read('app/db')).toBe(code);
    }
    expect(probe.started.journal.intents).toHaveLength(4);
    expect(rows()).toEqual([]);
    expect(probe.started.journal.withdrawn).toEqual(probe.started.journal.intents.map(({ id }) => id));
  });

  it('has a row for each 403, before which nothing was begun', async () => {
    expect(await read('elsewhere/db')).toBe('access_denied');
    expect(await read('app/db', { scope: 'secrets:list' })).toBe('insufficient_scope');
    expect(probe.started.journal.intents).toEqual([]);
    expect(
      rows().map(({ action, errorCode, secretPath, tenantId }) => [action, errorCode, secretPath, tenantId]),
    ).toEqual([
      ['read', 'access_denied', 'elsewhere/db', 'tnt_a'],
      ['read', 'insufficient_scope', undefined, 'tnt_a'],
    ]);
  });

  it("lays a refused call into another tenant into the caller's own trail, with who really acted", async () => {
    const wish = `tnt_z${'x'.repeat(3_000)}`;
    expect(await read('app/db', { act: { sub: 'usr_boss' } }, { 'x-tenant-id': wish })).toBe('tenant_access_denied');
    expect(rows()[0]).toMatchObject({ tenantId: 'tnt_a', errorCode: 'tenant_access_denied' });
    expect(lastExtra()).toEqual({ requested_tenant_id: wish.slice(0, 128), actor_id: 'usr_boss' });
  });

  it('lays a call that is let into another tenant into that trail, and says where it came from', async () => {
    const claims = { roles: ['partner_admin'], act: { sub: 'usr_boss' } };
    expect(await read('app/db', claims, { 'x-tenant-id': 'tnt_b' })).toBe('ok');
    expect(rows()[0]).toMatchObject({ tenantId: 'tnt_b', policyId: 'builtin:tenant_admin' });
    expect(lastExtra()).toEqual({ home_tenant_id: 'tnt_a', actor_id: 'usr_boss' });
  });

  it('has no row for 400, 404, 422 and 429, nor for a denial that turned into 429', async () => {
    await using limited = await openProbeFor(wire);
    const client = await limited.started.client(SecretsService, reader('bob'));
    expect((await refusalOf(client.readSecret({ path: 'No Path' })))?.code).toBe('invalid_path');
    expect((await refusalOf(client.readSecret({ path: 'app/db', version: 0 })))?.code).toBe('validation_error');
    const root = await limited.started.client(
      SecretsService,
      { ...reader('root'), roles: ['super_admin'] },
      { 'x-tenant-id': 'ghost' },
    );
    expect((await refusalOf(root.readSecret({ path: 'app/db' })))?.code).toBe('tenant_not_found');
    expect(limited.started.journal.outcomes).toEqual([]);
    await refusalOf(client.readSecret({ path: 'elsewhere' }));
    expect((await refusalOf(client.readSecret({ path: 'elsewhere' })))?.code).toBe('rate_limited');
    expect((await refusalOf(client.readSecret({ path: 'app/db' })))?.code).toBe('rate_limited');
    expect(limited.started.journal.outcomes).toHaveLength(1);
  });

  it('does not let a handler run, nor an answer leave, when it cannot write', async () => {
    const full = new VaultError('audit_unavailable', 'The disk is full.', { retryAfterSeconds: 1 });
    const { journal } = probe.started;
    const { outcome } = journal;
    journal.outcome = () => Promise.reject(full);
    expect(await read('app/db')).toBe('audit_unavailable');
    expect(probe.reads).toHaveLength(1);
    journal.outcome = outcome;
    journal.intent = () => Promise.reject(full);
    expect(await read('app/db')).toBe('audit_unavailable');
    expect(probe.reads).toHaveLength(1);
    journal.record = () => Promise.reject(full);
    expect(await read('elsewhere')).toBe('audit_unavailable');
  });

  describe('of refused tokens', () => {
    const auth = (authorization: string) => read('app/db', {}, { authorization });
    const claiming = (claims: object): string =>
      `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

    it('has a row where the token names a tenant that exists, under nobody’s name', async () => {
      expect(await auth(claiming({ tenant_id: 'tnt_b', sub: 'x'.repeat(1_000) }))).toBe('token_invalid');
      expect(rows()).toHaveLength(1);
      expect(rows()[0]).toMatchObject({
        tenantId: 'tnt_b',
        action: 'auth_failed',
        identityId: 'unverified',
        errorCode: 'token_invalid',
        success: false,
      });
      expect(lastExtra()).toEqual({ claimed_subject: 'x'.repeat(256) });
    });

    it('has none where it does not', async () => {
      for (const authorization of ['Bearer x', claiming({ tenant_id: 'ghost' }), claiming({ tenant_id: 5 })])
        expect(await auth(authorization)).toBe('token_invalid');
      expect(rows()).toEqual([]);
    });

    it('has no more than the address may fail', async () => {
      const codes: string[] = [];
      for (let i = 0; i < 5; i++) codes.push(await auth(claiming({ tenant_id: 'tnt_b' })));
      expect(codes.slice(3)).toEqual(['rate_limited', 'rate_limited']);
      expect(rows()).toHaveLength(3);
    });

    it('has the rows of a suspended user, and no more of them either', async () => {
      probe.started.world.callers.set('tnt_a usr_bob', {
        subjectId: 'usr_bob',
        identityType: 'user',
        identityId: 'user:bob@a.example',
        displayName: null,
        status: 'SUSPENDED',
        groups: [],
        roles: [],
        tokensVoidBeforeMs: null,
        mfaVoidBeforeMs: null,
      });
      const codes: string[] = [];
      for (let i = 0; i < 5; i++) codes.push(await read('app/db'));
      expect(codes).toEqual([...Array(3).fill('token_revoked'), 'rate_limited', 'rate_limited']);
      expect(rows().map(({ action, errorCode }) => [action, errorCode])).toEqual(
        Array(3).fill(['auth_failed', 'token_revoked']),
      );
    });
  });

  it('has rows of public calls once the handler knows whose deed it is', async () => {
    const deed = { tenantId: 'tnt_a', identityType: 'system', identityId: 'system:identity-sync' };
    const event = { id: 'evt', signature: 't=1,v1=x', body: new Uint8Array([1]) };
    const send = async () =>
      refusalOf((await probe.started.peer(IdentityService, 'gateway')).receiveScaiKeyEvent(event as never));
    probe.onEvent = async (context) => {
      await callOf(context).audited(deed, async () => undefined);
    };
    expect(await send()).toBeUndefined();
    probe.onEvent = async (context) => {
      await callOf(context).audited(deed, async () => {
        throw new VaultError('signature_invalid', 'No.');
      });
    };
    expect((await send())?.code).toBe('signature_invalid');
    expect(
      rows().map(({ action, identityId, success, errorCode }) => [action, identityId, success, errorCode]),
    ).toEqual([
      ['identity_webhook', 'system:identity-sync', true, undefined],
      ['identity_webhook', 'system:identity-sync', false, 'signature_invalid'],
    ]);
  });
});

const openProbeFor = async (wire: Wire) => {
  const probe = await openProbe(wire, { RATE_LIMIT_SECRETS_READ: '1' });
  probe.started.world.policies.push(readersPolicy);
  return Object.assign(probe, { [Symbol.asyncDispose]: () => probe.started[Symbol.asyncDispose]() });
};
