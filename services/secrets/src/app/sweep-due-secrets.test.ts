import { VaultError } from '@scaivault/errors';
import { parseSecretPath, type ScopeId } from '@scaivault/tenancy';
import { createMemoryAudit } from '@scaivault/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SecretFacts } from '../domain/secret.ts';
import type { DueSecrets, HeldSecret } from '../ports.ts';
import { createSweepDueSecrets } from './sweep-due-secrets.ts';

const scopeId = 't:tnt_a' as ScopeId;
const now = 1_000;

const factsOf = (change: Partial<SecretFacts>): SecretFacts => ({
  secretType: 'kv',
  currentVersion: 1,
  maxVersions: 10,
  metadata: '{}',
  tags: [],
  metadataRevision: 1,
  createdAtMicros: 0,
  updatedAtMicros: 0,
  expiresAtMicros: now,
  lastAccessedAtMicros: null,
  deletedAtMicros: null,
  notifyBefore: [],
  secretPolicy: null,
  dueAtMicros: now,
  ...change,
});

/** Due secrets in the order of their paths; those of `secrets` that were settled are due no more. */
let secrets: Map<string, SecretFacts>;
let finds: number;
let whenHeld: (path: string) => void;
let told: string[];
let failures: unknown[];

const dueSecrets: DueSecrets = {
  find: async (nowMicros, limit) => {
    finds += 1;
    const due = [...secrets].filter(([, { dueAtMicros }]) => dueAtMicros !== null && dueAtMicros <= nowMicros);
    return due.slice(0, limit).map(([path]) => ({ scopeId, path: parseSecretPath(path) }));
  },
  holdFree: async ({ path }, work) => {
    whenHeld(path);
    const facts = secrets.get(path);
    if (facts === undefined) return;
    const settle = async () => void secrets.set(path, { ...facts, dueAtMicros: null });
    const erase = async () => void secrets.delete(path);
    const tell = () => {};
    await work({ facts, settle, erase, tell } as Partial<HeldSecret> as HeldSecret);
  },
};

const { audit, journal } = createMemoryAudit('system:secrets');
const sweep = createSweepDueSecrets({
  dueSecrets,
  audit,
  clock: () => now,
  tell: ({ path }, event) => told.push(`${event.kind} ${path}`),
  onFailure: (error) => failures.push(error),
});

const makeDue = (count: number): void => {
  for (let i = 0; i < count; i += 1) secrets.set(`s/${i}`, factsOf({}));
};

beforeEach(() => {
  secrets = new Map();
  finds = 0;
  whenHeld = () => {};
  told = [];
  failures = [];
});

describe('a sweep of due secrets', () => {
  it('goes on batch by batch until nothing is due', async () => {
    makeDue(250);
    await sweep();
    expect(told).toHaveLength(250);
    expect(finds).toBe(3);
  });

  it('does a thousand and leaves the rest to the next run', async () => {
    makeDue(1_100);
    await sweep();
    expect(told).toHaveLength(1_000);
    await sweep();
    expect(told).toHaveLength(1_100);
  });

  it('looks again under the lock, and leaves alone what is no longer due', async () => {
    makeDue(3);
    whenHeld = (path) => {
      if (path === 's/0') secrets.delete(path);
      if (path === 's/1') secrets.set(path, factsOf({ dueAtMicros: now + 1 }));
    };
    await sweep();
    expect(told).toEqual(['expired s/2']);
    expect(secrets.get('s/1')?.dueAtMicros).toBe(now + 1);
  });

  it('tells of one that fails, and goes on with the others', async () => {
    makeDue(3);
    whenHeld = (path) => {
      if (path === 's/1') throw new Error('of this one alone');
    };
    await sweep();
    expect(failures).toEqual([new Error('of this one alone')]);
    expect(told).toEqual(['expired s/0', 'expired s/2']);
  });

  it('ends when a whole batch fails, instead of asking for the same one again', async () => {
    makeDue(150);
    whenHeld = () => {
      throw new Error('each of them');
    };
    await sweep();
    expect(failures).toHaveLength(100);
    expect(finds).toBe(1);
  });

  it('ends at once when the store is away', async () => {
    makeDue(3);
    const away = new VaultError('service_unavailable', 'away');
    whenHeld = () => {
      throw away;
    };
    await expect(sweep()).rejects.toBe(away);
    expect(failures).toEqual([]);
  });

  it('leaves a row for what it erases, a failed one when that is not committed, and none for notices', async () => {
    journal.outcomes.length = 0;
    makeDue(1);
    secrets.set('s/gone', factsOf({ deletedAtMicros: -40 * 86_400_000_000 }));
    await sweep();
    const row = { tenantId: 'tnt_a', action: 'destroy', identityId: 'system:secrets', secretPath: 's/gone' };
    expect(journal.outcomes).toMatchObject([{ ...row, success: true }]);
    secrets.set('s/gone', factsOf({ deletedAtMicros: -40 * 86_400_000_000 }));
    const { holdFree } = dueSecrets;
    const failing = createSweepDueSecrets({
      dueSecrets: {
        ...dueSecrets,
        holdFree: async (place, work) => {
          await holdFree(place, work);
          throw new Error('the commit failed');
        },
      },
      audit,
      clock: () => now,
      tell: () => expect.unreachable(),
      onFailure: () => {},
    });
    await failing();
    expect(journal.outcomes).toMatchObject([
      { success: true },
      { ...row, success: false, errorCode: 'internal_error' },
    ]);
  });

  it('tells nothing of what was not committed', async () => {
    makeDue(1);
    const { holdFree } = dueSecrets;
    const sweepWithoutCommit = createSweepDueSecrets({
      dueSecrets: {
        ...dueSecrets,
        holdFree: async (place, work) => {
          await holdFree(place, work);
          throw new Error('the commit failed');
        },
      },
      audit,
      clock: () => now,
      tell: () => expect.unreachable(),
      onFailure: (error) => failures.push(error),
    });
    await sweepWithoutCommit();
    expect(failures).toHaveLength(1);
  });
});
