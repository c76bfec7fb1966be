import { IdentityService, SecretsService } from '@scaivault/contracts';
import type { PolicyRecord } from '@scaivault/policy-engine';
import { scopeId } from '@scaivault/tenancy';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Caller, callerOf, metadataNames, targetOf } from '../src/index.ts';
import { extraOf, openProbe, type Probe, reader, refusalOf } from './open-probe.ts';

/** Opens the objects of the partner, and nothing of the tenant's own, to `group:readers`. */
const sharedPolicy: PolicyRecord = {
  id: 'pol_shared',
  name: 'shared',
  scope: 'tenant',
  priority: 100,
  createdAtMs: 0,
  rules: [
    { path_pattern: 'partner/app/**', permissions: ['read', 'list', 'write'], effect: 'allow', conditions: null },
  ],
  bindings: [{ identityType: 'group', identityId: 'group:readers', subjectId: null, expiresAtMs: null }],
};

const scope = 'secrets:read secrets:list secrets:write identity:read';

describeOnEveryWire("calls about a partner's objects", (wire) => {
  let probe: Probe;
  beforeEach(async () => {
    probe = await openProbe(wire);
    probe.started.world.policies.push(sharedPolicy);
  });
  afterEach(() => probe.started[Symbol.asyncDispose]());

  const partner = { [metadataNames.objectScope]: 'partner' };
  const inPartner = (id: string) => ({ ...partner, [metadataNames.partnerHeader]: id });
  const inTenantB = { 'x-tenant-id': 'tnt_b' };
  const bob = (claims: object = {}, headers: Record<string, string> = partner) =>
    probe.started.client(SecretsService, { ...reader('bob'), scope, ...claims }, headers);
  const outcome = async (call: Promise<unknown>): Promise<string> => {
    const refusal = await refusalOf(call);
    const detail = refusal?.details?.reason ?? refusal?.details?.resource;
    return [refusal?.code ?? 'ok', detail].filter((part) => part !== undefined).join('/');
  };
  const read = async (path: string, claims: object = {}, headers: Record<string, string> = partner) =>
    await outcome((await bob(claims, headers)).readSecret({ path }));
  const put = async (path: string, claims: object = {}, headers: Record<string, string> = partner) =>
    await outcome((await bob(claims, headers)).putSecret({ path, data: Buffer.from('{"k":1}') }));
  const rows = () => probe.started.journal.outcomes;
  const lastScopes = () => {
    const context = probe.reads.at(-1);
    if (context === undefined) throw new Error('Nobody has read.');
    const { scope: own, objectScope } = callerOf(context);
    return [scopeId(targetOf(context).scope), scopeId(objectScope), scopeId(own)];
  };

  it("are judged on partner/<path> by the tenant's policies, and work in the partner's scope", async () => {
    expect(await read('app/db')).toBe('ok');
    expect(lastScopes()).toEqual(['p:ptn_x', 'p:ptn_x', 't:tnt_a']);
    const context = probe.reads[0];
    expect(context && targetOf(context)).toMatchObject({ path: 'app/db', policyPath: 'partner/app/db' });
    expect(await read('other/db')).toBe('access_denied');
    expect(await read('app/db', {}, {})).toBe('access_denied');
  });

  it('leave their rows in the tenant acted in, below partner/', async () => {
    await read('app/db');
    await read('other/db');
    expect(rows().map(({ tenantId, secretPath, errorCode }) => [tenantId, secretPath, errorCode])).toEqual([
      ['tnt_a', 'partner/app/db', undefined],
      ['tnt_a', 'partner/other/db', 'access_denied'],
    ]);
    expect(extraOf(rows()[0])).toEqual({});
  });

  it('show lists where to look, with the prefix as it is listed and the row below partner/', async () => {
    let seen: Caller | undefined;
    probe.onList = (caller) => {
      seen = caller;
    };
    const client = await bob();
    expect((await client.listSecrets({ prefix: 'app/' })).cursor).toBe('app/');
    await client.listSecrets({});
    expect(seen && scopeId(seen.objectScope)).toBe('p:ptn_x');
    expect(seen?.judge('list', 'partner/app/db').allowed).toBe(true);
    expect(rows().map(({ secretPath }) => secretPath)).toEqual(['partner/app/', 'partner/']);
    expect(await outcome(client.listSecrets({ prefix: 'a'.repeat(513) }))).toBe('invalid_path/too_long');
    expect(await outcome((await bob({}, {})).listSecrets({ prefix: 'partner/app' }))).toBe('ok');
  });

  describe('that change something', () => {
    it("are for the partner's administrators, whatever the policies say", async () => {
      expect(await put('app/db')).toBe('forbidden/partner_admin_required');
      expect(await put('app/db', { roles: ['tenant_admin'] })).toBe('forbidden/partner_admin_required');
      expect(await put('app/db', { roles: ['partner_admin'] })).toBe('ok');
      expect(await put('app/db', { roles: ['super_admin'] })).toBe('ok');
      expect(await put('app/db', { roles: ['tenant_admin'] }, {})).toBe('ok');
    });

    it('look at the role before the policy, and leave a row of the refusal', async () => {
      expect(await put('closed/db')).toBe('forbidden/partner_admin_required');
      expect(rows()).toMatchObject([{ action: 'write', secretPath: 'partner/closed/db', errorCode: 'forbidden' }]);
      expect(rows()[0]).not.toHaveProperty('policyId');
    });

    it('need the policy as well', async () => {
      const deny = { path_pattern: 'partner/app/**', permissions: ['write' as const], effect: 'deny' as const };
      const rules = [{ ...deny, conditions: null }];
      probe.started.world.policies.push({ ...sharedPolicy, id: 'pol_deny', priority: 1, rules });
      expect(await put('app/db', { roles: ['partner_admin'] })).toBe('access_denied');
    });

    it('look at the input before the role, and at the scope of the token before that', async () => {
      expect(await put('No Path')).toBe('invalid_path/grammar');
      expect(await put('No Path', { scope: 'secrets:read' })).toBe('insufficient_scope');
    });

    it('take their unit when the role is too low, and turn into 429 when none is left', async () => {
      await probe.started[Symbol.asyncDispose]();
      probe = await openProbe(wire, { RATE_LIMIT_SECRETS_WRITE: '1' });
      expect(await put('app/db')).toBe('forbidden/partner_admin_required');
      expect(await put('app/db')).toBe('rate_limited');
    });
  });

  describe('with X-Partner-ID', () => {
    it('may name the partner that it is anyway', async () => {
      expect(await read('app/db', {}, inPartner('ptn_x'))).toBe('ok');
      expect(extraOf(rows()[0])).toEqual({});
    });

    it("are refused another partner, existing or not, and leave a row in the caller's own trail", async () => {
      for (const roles of [[], ['tenant_admin'], ['partner_admin']])
        for (const id of ['ptn_y', 'ghost'])
          expect(await read('app/db', { roles }, inPartner(id))).toBe('forbidden/foreign_partner');
      expect(rows()[0]).toMatchObject({ tenantId: 'tnt_a', errorCode: 'forbidden', action: 'read' });
      expect(extraOf(rows()[0])).toEqual({ partner_id: 'ptn_y' });
    });

    it('lead a super_admin to any partner, judged and audited in the tenant acted in', async () => {
      expect(await read('any/db', { roles: ['super_admin'] }, { ...inPartner('ptn_y'), ...inTenantB })).toBe('ok');
      expect(lastScopes()).toEqual(['p:ptn_y', 'p:ptn_y', 't:tnt_b']);
      expect(rows()[0]).toMatchObject({ tenantId: 'tnt_b', secretPath: 'partner/any/db' });
      expect(extraOf(rows()[0])).toEqual({ home_tenant_id: 'tnt_a', partner_id: 'ptn_y' });
    });

    it('are not_found for a super_admin who names nobody', async () => {
      expect(await read('app/db', { roles: ['super_admin'] }, inPartner('ghost'))).toBe('not_found/partner');
      expect(rows()).toEqual([]);
    });

    it("follow the tenant acted in: another partner's tenant brings its partner", async () => {
      expect(await read('any', { roles: ['super_admin'] }, { ...partner, 'x-tenant-id': 'tnt_z' })).toBe('ok');
      expect(lastScopes()).toEqual(['p:ptn_y', 'p:ptn_y', 't:tnt_z']);
      expect(await read('any', { roles: ['partner_admin'] }, { ...partner, ...inTenantB })).toBe('ok');
      expect(lastScopes()).toEqual(['p:ptn_x', 'p:ptn_x', 't:tnt_b']);
    });
  });

  it('ignore X-Partner-ID where they are about no partner', async () => {
    const headers = { [metadataNames.partnerHeader]: 'ghost' };
    expect(await read('app/db', { roles: ['tenant_admin'] }, headers)).toBe('ok');
    expect(lastScopes()).toEqual(['t:tnt_a', 't:tnt_a', 't:tnt_a']);
    expect(extraOf(rows()[0])).toEqual({});
  });

  it('are refused by services that have none', async () => {
    const whoAmI = async (headers: Record<string, string>) =>
      await outcome((await probe.started.client(IdentityService, reader('bob'), headers)).whoAmI({}));
    expect(await whoAmI(partner)).toBe('invalid_request/object_scope');
    expect(await whoAmI({ [metadataNames.partnerHeader]: 'ghost' })).toBe('ok');
    expect(await read('app/db', {}, { [metadataNames.objectScope]: 'everything' })).toBe(
      'invalid_request/object_scope',
    );
  });
});
