import { type PartnerId, parseSecretPath, partnerScope, type Scope } from '@scaivault/tenancy';
import { createMemoryAudit } from '@scaivault/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSweepDueSecrets } from '../src/app/sweep-due-secrets.ts';
import { createDueSecrets } from '../src/store/due-secrets.ts';
import { openVault, tenantA, type Vault } from './open-vault.ts';

let vault: Vault;
beforeAll(async () => {
  vault = await openVault();
});
afterAll(() => vault.close());
afterEach(() => {
  expect(vault.failures).toEqual([]);
  vault.events.length = 0;
});

const partner = partnerScope('ptn_x' as PartnerId);

const sweepAfter = async (days: number, seconds = 0): Promise<void> => {
  vault.passDays(days);
  vault.passSeconds(seconds);
  await vault.sweepDueSecrets();
};

const dueAt = async (path: string): Promise<number | null | undefined> => {
  const [row] = await vault.admin<{ dueAt: number | null }[]>`
    select due_at as "dueAt" from secrets.secret where path = ${path}`;
  return row?.dueAt;
};

describe('a secret that was deleted softly', () => {
  const rowsAt = async (path: string): Promise<number> => {
    const [row] = await vault.admin<{ count: number }[]>`
      select (select count(*) from secrets.secret where path = ${path})
        + (select count(*) from secrets.version where path = ${path})
        + (select count(*) from secrets.secret_tag where path = ${path})
        + (select count(*) from secrets.rotation where path = ${path}) as count`;
    return row?.count ?? 0;
  };

  it('is erased with all that hangs on it after thirty days, and not a second before', async () => {
    await vault.put('gone/all', { metadata: Buffer.from('{"tags":["t"]}') });
    await vault.rotate('gone/all', { json: { n: 2 } });
    const { deletedAtMicros } = await vault.remove('gone/all');
    await sweepAfter(30, -1);
    expect(await rowsAt('gone/all')).toBe(5);
    expect(vault.events).toEqual([]);
    await sweepAfter(0, 1);
    expect(await rowsAt('gone/all')).toBe(0);
    expect(vault.events).toEqual([{ scopeId: 't:tnt_a', path: 'gone/all', kind: 'erased', deletedAtMicros }]);
    expect(vault.rows.splice(0)).toMatchObject([{ tenantId: 'tnt_a', action: 'destroy', secretPath: 'gone/all' }]);
  });

  it('of a partner is erased as well, and the one of a tenant at the same path is not', async () => {
    const path = parseSecretPath('gone/partner');
    const { facts } = await vault.put(path, {}, partner);
    await vault.put(path);
    await vault.store.hold(partner, path, async (held) => held?.markDeleted(facts.updatedAtMicros));
    await sweepAfter(30);
    const kept = async (scope: Scope) => (await vault.store.head(scope, path)) !== undefined;
    expect([await kept(partner), await kept(tenantA)]).toEqual([false, true]);
    expect(vault.events).toMatchObject([{ scopeId: 'p:ptn_x', kind: 'erased' }]);
    expect(vault.rows).toEqual([]);
  });

  it('and restored in time stays', async () => {
    await vault.put('gone/restored');
    await vault.remove('gone/restored');
    await sweepAfter(29);
    await vault.restore('gone/restored');
    await sweepAfter(60);
    expect((await vault.read('gone/restored')).json).toBeDefined();
  });

  it('and restored between the look and the lock stays', async () => {
    await vault.put('gone/meanwhile');
    await vault.remove('gone/meanwhile');
    vault.passDays(29);
    const dueSecrets = createDueSecrets(vault.db);
    const sweep = createSweepDueSecrets({
      dueSecrets: {
        ...dueSecrets,
        find: async (nowMicros, limit) => {
          const found = await dueSecrets.find(nowMicros + 2 * 86_400_000_000, limit);
          await vault.restore('gone/meanwhile');
          return found;
        },
      },
      audit: createMemoryAudit().audit,
      clock: () => Date.parse('2100-01-01') * 1000,
      tell: () => expect.unreachable(),
      onFailure: (error) => expect.unreachable(String(error)),
    });
    await sweep();
    expect((await vault.read('gone/meanwhile')).json).toBeDefined();
  });

  it('gives no notice of its expiry', async () => {
    await vault.put('gone/quiet', { expiresIn: '10d' });
    await vault.remove('gone/quiet');
    await sweepAfter(9, 60);
    expect(vault.events).toEqual([]);
  });
});

describe('a secret that expires', () => {
  const happened = (path: string): readonly string[] =>
    vault.events
      .filter((event) => event.path === path)
      .map((event) => (event.kind === 'expiring' ? `${event.threshold}: ${event.daysRemaining}` : event.kind));

  it('gives notice once per threshold, then of the expiry, and is due no more', async () => {
    const { facts } = await vault.put('expires/times', { expiresIn: '40d' });
    await sweepAfter(9);
    expect(happened('expires/times')).toEqual([]);
    for (const days of [1, 0, 23, 0, 6, 0, 1, 0, 5]) await sweepAfter(days);
    expect(happened('expires/times')).toEqual(['30d: 30', '7d: 7', '1d: 1', 'expired']);
    expect(vault.events).toContainEqual({
      scopeId: 't:tnt_a',
      path: 'expires/times',
      kind: 'expired',
      version: 1,
      expiresAtMicros: facts.expiresAtMicros,
    });
    expect(await dueAt('expires/times')).toBeNull();
  });

  it('gives the notices that nobody was there to give', async () => {
    await vault.put('expires/missed', { expiresIn: '40d' });
    await sweepAfter(39, 3600);
    expect(happened('expires/missed')).toEqual(['30d: 0', '7d: 0', '1d: 0']);
  });

  it('does not forget a notice over a change of its metadata', async () => {
    await vault.put('expires/changed', { expiresIn: '40d' });
    vault.passDays(10);
    await vault.update('expires/changed', { metadata: Buffer.from('{"owner":"team:a"}') });
    await sweepAfter(0);
    expect(happened('expires/changed')).toEqual(['30d: 30']);
  });

  it('is not due any more once it was written without an expiry', async () => {
    await vault.put('expires/renewed', { expiresIn: '40d' });
    await vault.put('expires/renewed');
    expect(await dueAt('expires/renewed')).toBeNull();
    await sweepAfter(50);
    expect(happened('expires/renewed')).toEqual([]);
  });
});

describe('several processes', () => {
  it('sweep at once and give each notice once', async () => {
    const processes = [vault, await vault.another(), await vault.another()];
    const paths = Array.from({ length: 40 }, (_, i) => `many/${String(i).padStart(2, '0')}`);
    for (const path of paths) await vault.put(path, { expiresIn: '1h' });
    vault.passSeconds(3600);
    await Promise.all(processes.map(({ sweepDueSecrets }) => sweepDueSecrets()));
    await vault.sweepDueSecrets();
    expect(vault.events.map(({ kind, path }) => `${kind} ${path}`).toSorted()).toEqual(
      paths.map((path) => `expired ${path}`),
    );
  });

  it('pass by a secret that somebody holds, without waiting, and see to it later', async () => {
    await vault.put('held', { expiresIn: '1h' });
    await vault.put('not-held', { expiresIn: '1h' });
    vault.passSeconds(3600);
    const other = await vault.another();
    await vault.store.hold(tenantA, parseSecretPath('held'), async () => {
      await other.sweepDueSecrets();
    });
    expect(vault.events.map(({ path }) => path)).toEqual(['not-held']);
    await vault.sweepDueSecrets();
    expect(vault.events.map(({ path }) => path)).toEqual(['not-held', 'held']);
  });

  it('learn from the search where to look, and nothing of anybody’s rows', async () => {
    await vault.put('narrow', { expiresIn: '1h' });
    vault.passSeconds(3600);
    const columns = await vault.db.sql`select * from due_secrets(${Date.parse('2100-01-01') * 1000}, 1)`;
    expect(columns).toEqual([{ scope_id: 't:tnt_a', path: 'narrow' }]);
    await vault.sweepDueSecrets();
  });
});
