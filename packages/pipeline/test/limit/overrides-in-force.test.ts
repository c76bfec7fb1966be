import { SecretsService } from '@scaivault/contracts';
import { VaultError } from '@scaivault/errors';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { callOf } from '../../src/index.ts';
import { openProbe, type Probe, reader, readersPolicy, refusalOf } from '../open-probe.ts';

describeOnEveryWire('rate limits of a tenant', (wire) => {
  let probe: Probe;
  let count = 0;
  let name: string;
  beforeAll(async () => {
    probe = await openProbe(wire, { RATE_LIMIT_SECRETS_READ: '3' });
    probe.started.world.policies.push(readersPolicy);
  });
  afterAll(() => probe.started[Symbol.asyncDispose]());
  beforeEach(() => {
    probe.started.world.overrides.clear();
    count += 1;
    name = `user${count}`;
  });

  const override = (tenantId: string, identityId: string, limits: Record<string, number>) =>
    probe.started.world.overrides.set(tenantId, new Map([[identityId, { limits, expiresAtMs: null }]]));
  const limitSeen = async (claims: object = {}, headers: Record<string, string> = {}): Promise<string | null> => {
    const client = await probe.started.client(SecretsService, { ...reader(name), ...claims }, headers);
    let seen: string | null = null;
    await client.readSecret(
      { path: 'app/db' },
      {
        onHeader: (received) => {
          seen = received.get('x-ratelimit-limit');
        },
      },
    );
    return seen;
  };

  it('hold for the identity they name, and for nobody else', async () => {
    override('tnt_a', `user:${name}@a.example`, { 'secrets:read': 2 });
    expect(await limitSeen()).toBe('2');
    await limitSeen();
    expect((await refusalOf(limitSeen()))?.details).toMatchObject({ category: 'secrets:read', limit: 2 });
    name = `other${count}`;
    expect(await limitSeen()).toBe('3');
  });

  it('hold for every identity of the tenant under *', async () => {
    override('tnt_a', '*', { 'secrets:read': 9 });
    expect(await limitSeen()).toBe('9');
    expect(await limitSeen({ tenant_id: 'tnt_b' })).toBe('3');
  });

  it('are those of the home tenant when its identity acts elsewhere', async () => {
    override('tnt_b', '*', { 'secrets:read': 1 });
    override('tnt_a', '*', { 'secrets:read': 8 });
    expect(await limitSeen({ roles: ['partner_admin'] }, { 'x-tenant-id': 'tnt_b' })).toBe('8');
  });

  it('hold for units that a batch reserves', async () => {
    override('tnt_a', '*', { 'secrets:read': 2 });
    probe.onBatch = async (_paths, context) => {
      callOf(context).reserveUnits('secrets:read', 3);
    };
    const client = await probe.started.client(SecretsService, reader(name));
    expect((await refusalOf(client.batchRead({ paths: ['app/db'] })))?.details).toMatchObject({
      limit: 2,
      required: 3,
    });
  });

  it('give way to those of the installation while nobody can say what they are', async () => {
    const { world } = probe.started;
    const { rateOverrides } = world;
    world.rateOverrides = () => {
      throw new VaultError('service_unavailable', 'The lease has run out.');
    };
    try {
      expect(await limitSeen()).toBe('3');
      world.rateOverrides = () => Promise.reject(new VaultError('service_unavailable', 'The owner is away.'));
      expect(await limitSeen()).toBe('3');
    } finally {
      world.rateOverrides = rateOverrides;
    }
  });
});
