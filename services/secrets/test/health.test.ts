import { SystemService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReadHealth, type HealthParts } from '../src/app/read-health.ts';
import { type StartedSecrets, startSecrets } from './start-secrets.ts';

describeOnEveryWire('detailed health', (wire) => {
  let started: StartedSecrets;
  beforeAll(async () => {
    started = await startSecrets(wire);
  });
  afterAll(() => started?.close());

  it('looks at the database, the keys and the journal', async () => {
    const client = await started.vault.client(SystemService, { scope: 'admin' });
    const { status, version, uptimeSeconds, checks } = await client.getDetailedHealth({});
    expect({ status, version }).toEqual({ status: 'healthy', version: expect.stringMatching(/\S/) });
    expect(uptimeSeconds).toBeGreaterThanOrEqual(0n);
    expect(checks?.database).toMatchObject({ status: 'ok', poolSize: 4 });
    expect(checks?.database?.latencyMs).toBeGreaterThanOrEqual(0);
    expect(checks?.database?.poolAvailable).toBeLessThanOrEqual(4);
    expect(checks?.encryption).toMatchObject({ status: 'ok', keyStatus: 'active' });
    expect(checks?.audit).toMatchObject({ status: 'ok', journalBacklog: 0 });
    expect([checks?.redis, checks?.s3]).toEqual([undefined, undefined]);
    expect(started.vault.journal.outcomes.at(-1)).toMatchObject({ action: 'config_read' });
  });

  it('is for administrators', async () => {
    const client = await started.vault.client(SystemService, { scope: 'secrets:read' });
    await expect(client.getDetailedHealth({})).rejects.toMatchObject({ code: 'insufficient_scope' });
  });
});

describe('createReadHealth', () => {
  const fails = () => Promise.reject(new Error('password=canary'));
  const parts: HealthParts = {
    database: { ping: async () => {}, poolStats: () => ({ size: 10, available: 9 }) },
    redis: async () => ({ memoryUsedBytes: 3 * 1_048_576 }),
    encryption: async () => {},
    objectStore: async () => {},
    journal: () => ({ backlogRecords: 5, oldestMs: 10, isWritable: true }),
  };
  const read = (more: Partial<HealthParts> = {}) => createReadHealth({ ...parts, ...more })();

  it('is healthy when all answer, with their figures', async () => {
    expect(await read()).toMatchObject({
      status: 'healthy',
      database: { status: 'ok', poolSize: 10, poolAvailable: 9 },
      redis: { status: 'ok', memoryUsedMb: 3 },
      audit: { status: 'ok', journalBacklog: 5 },
    });
  });

  it.each([
    ['Redis', { redis: fails }, 'degraded', { redis: { status: 'degraded', latencyMs: null, memoryUsedMb: null } }],
    ['the object store', { objectStore: fails }, 'degraded', { objectStore: { status: 'degraded', latencyMs: null } }],
    [
      'the shipping of the journal',
      { journal: () => ({ backlogRecords: 5, oldestMs: 60_001, isWritable: true }) },
      'degraded',
      { audit: { status: 'degraded' } },
    ],
    ['the keys', { encryption: fails }, 'unhealthy', { encryption: { status: 'error' } }],
    [
      'the database',
      { database: { ...parts.database, ping: fails } },
      'unhealthy',
      { database: { status: 'error', latencyMs: null } },
    ],
    [
      'the journal',
      { journal: () => ({ backlogRecords: 5, oldestMs: 10, isWritable: false }) },
      'unhealthy',
      { audit: { status: 'error' } },
    ],
  ] as const)('says what it means when %s fails, and not why', async (_what, more, status, part) => {
    const report = await read(more);
    expect(report).toMatchObject({ status, ...part });
    expect(JSON.stringify(report)).not.toContain('canary');
  });
});
