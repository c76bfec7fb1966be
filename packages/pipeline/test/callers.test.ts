import { AuditIngestService, IdentityService, SecretsService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Caller, callerOf, callOf, metadataNames } from '../src/index.ts';
import { openProbe, type Probe, reader, readersPolicy, refusalOf } from './open-probe.ts';

describeOnEveryWire('who may call', (wire) => {
  let probe: Probe;
  beforeEach(async () => {
    probe = await openProbe(wire);
    probe.started.world.policies.push(readersPolicy);
  });
  afterEach(() => probe.started[Symbol.asyncDispose]());

  const bob = (claims: object = {}, headers: Record<string, string> = {}) =>
    probe.started.client(SecretsService, { ...reader('bob'), ...claims }, headers);
  const read = async (path: string, claims: object = {}, headers: Record<string, string> = {}): Promise<string> =>
    (await refusalOf((await bob(claims, headers)).readSecret({ path })))?.code ?? 'ok';

  describe('audiences', () => {
    it('opens PEERS calls to the processes the contract names, and to nobody else', async () => {
      const ingest = async (peer: 'secrets' | 'pki' | 'leases') =>
        (await refusalOf((await probe.started.peer(AuditIngestService, peer)).ingestAuditRecords({ records: [] })))
          ?.code;
      expect(await ingest('secrets')).toBeUndefined();
      expect(await ingest('pki')).toBe('forbidden');
      expect(await ingest('leases')).toBe('forbidden');
    });

    it('does not open PEERS calls to bearers of tokens, however mighty', async () => {
      await probe.started[Symbol.asyncDispose]();
      probe = await openProbe(wire);
      const transportless = await probe.started.peer(AuditIngestService, 'pki');
      const headers = { authorization: 'Bearer anything', 'x-scaivault-peer': 'secrets' };
      const refusal = await refusalOf(transportless.ingestAuditRecords({ records: [] }, { headers }));
      expect(refusal).toMatchObject({ code: 'forbidden', details: { reason: 'peer_not_allowed' } });
    });

    it('asks bearers for a token, and public calls for nothing', async () => {
      const anonymous = await probe.started.peer(SecretsService, 'gateway');
      expect((await refusalOf(anonymous.readSecret({ path: 'app/db' })))?.code).toBe('authentication_required');
      const event = (await probe.started.peer(IdentityService, 'gateway')).receiveScaiKeyEvent({
        body: new Uint8Array([1]),
      } as never);
      expect((await event).handled).toBe(true);
    });

    it('asks any token for no scope, and the scope admin stands for every other', async () => {
      const whoAmI = await probe.started.client(IdentityService, { ...reader('bob'), scope: '' });
      expect(await whoAmI.whoAmI({})).toMatchObject({ identityId: 'user:bob@a.example', groups: ['group:readers'] });
      expect(await read('app/db', { scope: '' })).toBe('insufficient_scope');
      expect(await read('app/db', { scope: 'secrets:reader secrets:readx' })).toBe('insufficient_scope');
      expect(await read('app/db', { scope: 'admin' })).toBe('ok');
      expect(await read('elsewhere/db', { scope: 'admin' })).toBe('access_denied');
    });
  });

  describe('roles and groups', () => {
    it('lets the tenant admin do everything at home, and nothing abroad', async () => {
      expect(await read('any/where', { roles: ['tenant_admin'] })).toBe('ok');
      expect(await read('any/where', { roles: ['tenant_admin'] }, { 'x-tenant-id': 'tnt_b' })).toBe(
        'tenant_access_denied',
      );
    });

    it('lets the partner admin into the tenants of the partner, the super admin everywhere', async () => {
      const into = (role: string, tenant: string) => read('any/where', { roles: [role] }, { 'x-tenant-id': tenant });
      expect(await into('partner_admin', 'tnt_b')).toBe('ok');
      expect(await into('partner_admin', 'tnt_z')).toBe('tenant_access_denied');
      expect(await into('super_admin', 'tnt_z')).toBe('ok');
    });

    it('does not take a group for its namesake abroad, unless the binding is pinned to that very group', async () => {
      const deny = (subjectId: string | null) => ({
        ...readersPolicy,
        id: `pol_deny_${subjectId}`,
        priority: 1,
        rules: [{ path_pattern: 'app/**', permissions: ['read' as const], effect: 'deny' as const, conditions: null }],
        bindings: [{ identityType: 'group' as const, identityId: 'group:sre', subjectId, expiresAtMs: null }],
      });
      const { world } = probe.started;
      world.callers.set('tnt_a usr_bob', {
        subjectId: 'usr_bob',
        identityType: 'user',
        identityId: 'user:bob@a.example',
        displayName: null,
        status: 'ACTIVE',
        groups: [{ subjectId: 'grp_1', identityId: 'group:sre' }],
        roles: ['partner_admin'],
        tokensVoidBeforeMs: null,
        mfaVoidBeforeMs: null,
      });
      world.policies.push(deny(null));
      expect(await read('app/db')).toBe('access_denied');
      expect(await read('app/db', {}, { 'x-tenant-id': 'tnt_b' })).toBe('ok');
      world.policies.push(deny('grp_1'));
      expect(await read('app/db', {}, { 'x-tenant-id': 'tnt_b' })).toBe('access_denied');
    });

    it('narrows a token to its paths, whatever the role', async () => {
      const claims = { roles: ['super_admin'], scv_paths: ['app/**'] };
      expect(await read('app/db', claims)).toBe('ok');
      expect(await read('other/db', claims)).toBe('access_denied');
      expect(await read('app/db', { ...claims, scv_paths: [] })).toBe('access_denied');
    });

    it('says in a denial what was missing, and never which policy decided', async () => {
      const refusal = await refusalOf((await bob()).readSecret({ path: 'elsewhere/db' }));
      expect(refusal?.details).toEqual({ path: 'elsewhere/db', permission: 'read' });
      expect(JSON.stringify(refusal)).not.toContain('pol_readers');
    });

    it('hands list handlers a judge of single rows, and the prefix parsed', async () => {
      let caller: Caller | undefined;
      probe.onList = (seen) => {
        caller = seen;
      };
      expect((await (await bob()).listSecrets({ prefix: 'app/' })).cursor).toBe('app/');
      expect(caller?.judge('list', 'app/db').allowed).toBe(true);
      expect(caller?.judge('list', 'other/db').allowed).toBe(false);
      expect(probe.started.journal.outcomes[0]).toMatchObject({ action: 'list', secretPath: 'app/' });
    });
  });

  describe('what the gateway alone may say', () => {
    const gatewayOnly = {
      [metadataNames.requestId]: 'req_FROMGATEWAY',
      [metadataNames.sourceIp]: '203.0.113.9',
      [metadataNames.userAgent]: 'u'.repeat(600),
      [metadataNames.clientRequestId]: 'mine-1',
    };

    it('is believed of the gateway', async () => {
      expect(await read('app/db', {}, gatewayOnly)).toBe('ok');
      const context = probe.reads[0];
      expect(context && callOf(context).request).toMatchObject({
        requestId: 'req_FROMGATEWAY',
        sourceIp: '203.0.113.9',
        userAgent: 'u'.repeat(512),
        clientRequestId: 'mine-1',
      });
    });

    it('is ignored from anybody else: facts, tenant prefix and refusals of the input', async () => {
      let authorization = '';
      probe.onRead = (context) => {
        authorization = (context as unknown as { metadata: Headers }).metadata.get('authorization') ?? '';
      };
      await read('app/db');
      const stranger = await probe.started.peer(SecretsService, 'secrets');
      const headers = {
        ...gatewayOnly,
        authorization,
        [metadataNames.tenantPrefix]: 'tnt_z',
        [metadataNames.inputRefusal]: encodeURIComponent('{"code":"validation_error","message":"x"}'),
      };
      expect(await refusalOf(stranger.readSecret({ path: 'app/db' }, { headers }))).toBeUndefined();
      const context = probe.reads.at(-1);
      const request = context && callOf(context).request;
      expect(request?.requestId).toMatch(/^req_[0-9A-Z]{26}$/);
      expect(request?.clientRequestId).toBeUndefined();
      expect(request?.sourceIp).toBe(wire === 'direct' ? undefined : '127.0.0.1');
      expect(request?.userAgent ?? '').not.toContain('uuu');
      expect(context && callerOf(context).tenantId).toBe('tnt_a');
    });

    it('includes the tenant of the path, which must not contradict the header', async () => {
      const prefix = { [metadataNames.tenantPrefix]: 'tnt_z' };
      expect(await read('app/db', {}, prefix)).toBe('tenant_access_denied');
      expect(await read('app/db', {}, { ...prefix, 'x-tenant-id': 'tnt_a' })).toBe('invalid_request');
    });
  });
});
