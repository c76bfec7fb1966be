import type { Client } from '@connectrpc/connect';
import { PolicyFeedService, RateLimitFeedService, RateLimitService } from '@scaivault/contracts';
import { createPolicyReplica, overrideFor } from '@scaivault/pipeline';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type StartedPolicy, startPolicy } from './start-policy.ts';

type LimitClient = Client<typeof RateLimitService>;

const json = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));
const identityId = 'sa:deploy';

describeOnEveryWire('rate limits', (wire) => {
  let started: StartedPolicy;
  let admin: LimitClient;
  const as = (claims: object): Promise<LimitClient> =>
    started.vault.client(RateLimitService, { scope: 'admin', tenant_id: 'tnt_a', ...claims });
  beforeAll(async () => {
    started = await startPolicy(wire, { RATE_LIMIT_SECRETS_LIST: '150', RATE_LIMIT_SECRETS_READ: '0' });
    admin = await as({});
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(async () => {
    await started.db.withScope('t:tnt_a' as never, (tx) => tx`delete from rate_limit`);
  });

  const put = (limits: unknown, more: object = {}) =>
    admin.putRateLimits({ identityId, limits: json(limits), ...more });
  const listed = async (client = admin) =>
    (await client.listRateLimits({})).overrides.map((entry) => [entry.identityId, entry.limits]);
  const fieldsOf = (error: unknown) =>
    (error as { details?: { fields?: { field: string; rule: string }[] } }).details?.fields?.map(
      ({ field, rule }) => `${field} ${rule}`,
    );

  it('lists every category with its default and the figure of the installation', async () => {
    const { categories, overrides } = await admin.listRateLimits({});
    expect(categories).toHaveLength(31);
    const found = (category: string) => categories.find((each) => each.category === category);
    expect(found('secrets:list')).toMatchObject({ defaultLimit: 100, instanceLimit: 150 });
    expect(found('audit:export')).toMatchObject({ defaultLimit: 5, instanceLimit: 5 });
    expect(found('secrets:read')).toMatchObject({ defaultLimit: 1000, instanceLimit: 0 });
    expect(overrides).toEqual([]);
  });

  it('sets an entry whole, says who did it, and removes it', async () => {
    const entry = await put({ 'secrets:list': 10, 'audit:query': 5 }, { expiresAt: '2099-01-01T00:00:00Z' });
    expect(entry).toMatchObject({
      identityId,
      limits: { 'secrets:list': 10, 'audit:query': 5 },
      updatedBy: 'user:admin@a.example',
    });
    expect(entry.expiresAt?.seconds).toBe(BigInt(Date.parse('2099-01-01T00:00:00Z') / 1000));
    await put({ 'secrets:list': 20 });
    await admin.putRateLimits({ identityId: '*', limits: json({ 'secrets:write': 3 }) });
    const { overrides } = await admin.listRateLimits({});
    expect(overrides).toMatchObject([
      { identityId: '*', limits: { 'secrets:write': 3 } },
      { identityId, limits: { 'secrets:list': 20 } },
    ]);
    expect(overrides[1]?.limits).not.toHaveProperty('audit:query');
    expect(overrides[1]?.expiresAt).toBeUndefined();
    await admin.deleteRateLimits({ identityId });
    expect(await listed()).toEqual([['*', { 'secrets:write': 3 }]]);
    await expect(admin.deleteRateLimits({ identityId })).rejects.toMatchObject({
      code: 'not_found',
      details: { resource: 'rate_limit' },
    });
  });

  it('leaves one row for each change, with the figures', async () => {
    const before = started.vault.journal.outcomes.length;
    await put({ 'secrets:list': 10 });
    await admin.deleteRateLimits({ identityId });
    const rows = started.vault.journal.outcomes.slice(before);
    expect(rows.map(({ action }) => action)).toEqual(['rate_limit_update', 'rate_limit_update']);
    expect(JSON.parse(Buffer.from(rows[0]!.extraData).toString())).toMatchObject({
      limited_identity_id: identityId,
      limits: { 'secrets:list': 10 },
    });
  });

  it('asks for the scope admin', async () => {
    const outsider = await as({ scope: 'policies:write' });
    await expect(outsider.listRateLimits({})).rejects.toMatchObject({ code: 'insufficient_scope' });
    await expect(outsider.putRateLimits({ identityId, limits: json({ 'audit:query': 1 }) })).rejects.toMatchObject({
      code: 'insufficient_scope',
    });
    await expect(outsider.deleteRateLimits({ identityId })).rejects.toMatchObject({ code: 'insufficient_scope' });
  });

  it('lets a tenant admin lower, and a partner admin alone raise above the installation', async () => {
    await put({ 'secrets:list': 150, 'secrets:read': 100_000 });
    const refused = { code: 'forbidden', details: { reason: 'partner_admin_required', categories: ['secrets:list'] } };
    await expect(put({ 'secrets:list': 151, 'audit:query': 1 })).rejects.toMatchObject(refused);
    expect(await listed()).toEqual([[identityId, { 'secrets:list': 150, 'secrets:read': 100_000 }]]);
    for (const role of ['partner_admin', 'super_admin']) {
      const partner = await as({ sub: `usr_${role}`, roles: [role] });
      await partner.putRateLimits({ identityId, limits: json({ 'secrets:list': 5_000 }) });
      expect(await listed()).toEqual([[identityId, { 'secrets:list': 5_000 }]]);
    }
  });

  it.each([
    ['no limits', undefined, 'limits required'],
    ['null', null, 'limits type'],
    ['a list', [], 'limits type'],
    ['none', {}, 'limits length'],
    ['an unknown category', { 'secrets:reed': 1 }, 'limits.secrets:reed unknown'],
    [
      'a name of every object',
      { ['__proto__']: 1, constructor: 1 },
      'limits.__proto__ unknown,limits.constructor unknown',
    ],
    ['a category of addresses', { 'auth:failures': 1 }, 'limits.auth:failures enum'],
    ['zero', { 'audit:query': 0 }, 'limits.audit:query range'],
    ['too many', { 'audit:query': 100_001 }, 'limits.audit:query range'],
    ['a fraction', { 'audit:query': 1.5 }, 'limits.audit:query type'],
    ['a text', { 'audit:query': '5' }, 'limits.audit:query type'],
  ])('refuses %s', async (_what, limits, fields) => {
    const sent = limits === undefined ? {} : { limits: json(limits) };
    const refusal = await admin.putRateLimits({ identityId, ...sent }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'validation_error' });
    expect(fieldsOf(refusal)?.join(',')).toBe(fields);
  });

  it('refuses whom nobody can count, and what is over already', async () => {
    for (const nobody of ['group:sre', 'deploy', 'user:', '**', 'system:pki'])
      await expect(
        admin.putRateLimits({ identityId: nobody, limits: json({ 'audit:query': 1 }) }),
      ).rejects.toMatchObject({ code: 'validation_error' });
    await expect(put({ 'audit:query': 1 }, { expiresAt: '2001-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'validation_error',
    });
  });

  it('does not show what has expired, and removes it for good with the next change', async () => {
    await put({ 'audit:query': 1 });
    await started.db.withScope('t:tnt_a' as never, (tx) => tx`update rate_limit set expires_at = now()`);
    expect(await listed()).toEqual([]);
    await expect(admin.deleteRateLimits({ identityId })).rejects.toMatchObject({ code: 'not_found' });
    await admin.putRateLimits({ identityId: '*', limits: json({ 'audit:query': 1 }) });
    const rows = await started.db.withScope('t:tnt_a' as never, (tx) => tx`select identity_id from rate_limit`);
    expect(rows).toHaveLength(1);
  });

  it('has a bound on the entries of a tenant, which replacing one never meets', async () => {
    await started.db.withScope(
      't:tnt_a' as never,
      (tx) => tx`
        insert into rate_limit (scope_id, identity_id, limits, updated_at, updated_by)
        select 't:tnt_a', 'sa:' || n, '{"audit:query": 1}', now(), 'test' from generate_series(1, 1000) n`,
    );
    await expect(put({ 'audit:query': 1 })).rejects.toMatchObject({
      code: 'invalid_request',
      details: { reason: 'too_many' },
    });
    await admin.putRateLimits({ identityId: 'sa:7', limits: json({ 'audit:query': 2 }) });
  });

  it('keeps tenants apart', async () => {
    await put({ 'audit:query': 1 });
    for (const tenant_id of ['tnt_b', 'tnt_z']) {
      const other = await as({ tenant_id });
      expect(await listed(other)).toEqual([]);
      await expect(other.deleteRateLimits({ identityId })).rejects.toMatchObject({ code: 'not_found' });
    }
    expect(await listed()).toHaveLength(1);
  });

  it('honours an Idempotency-Key', async () => {
    let replayed: string | null = null;
    const options = {
      headers: { 'idempotency-key': 'limits-1' },
      onHeader: (headers: Headers): void => {
        replayed = headers.get('idempotency-replayed');
      },
    };
    const request = { identityId, limits: json({ 'audit:query': 7 }) };
    const first = await admin.putRateLimits(request, options);
    await put({ 'audit:query': 8 });
    expect(await admin.putRateLimits(request, options)).toEqual(first);
    expect(replayed).toBe('true');
    expect(await listed()).toEqual([[identityId, { 'audit:query': 8 }]]);
    await expect(
      admin.putRateLimits({ ...request, limits: json({ 'audit:query': 9 }) }, options),
    ).rejects.toMatchObject({ code: 'idempotency_conflict' });
  });

  describe('in other processes', () => {
    it('are in force with the answer to a change, and are for our own processes only', async () => {
      const limits = await started.vault.peer(RateLimitFeedService, 'secrets');
      const replica = createPolicyReplica({
        client: await started.vault.peer(PolicyFeedService, 'secrets'),
        limits,
        maxStalenessMs: 5_000,
        onFailure: () => {},
      });
      await replica.start();
      const limitOf = async (tenantId: string) =>
        overrideFor(await replica.rateOverrides(tenantId as never), identityId, 'audit:query', Date.now());
      expect(await limitOf('tnt_a')).toBeUndefined();
      for (let figure = 1; figure <= 3; figure += 1) {
        await put({ 'audit:query': figure });
        expect(await limitOf('tnt_a')).toBe(figure);
      }
      expect(await limitOf('tnt_b')).toBeUndefined();
      await admin.deleteRateLimits({ identityId });
      expect(await limitOf('tnt_a')).toBeUndefined();
      await replica.stop();
      const outside = await started.vault.peer(RateLimitFeedService, 'pki');
      await expect(outside.getRateLimitBundle({ tenantId: 'tnt_a' })).rejects.toMatchObject({ code: 'forbidden' });
    });
  });
});
