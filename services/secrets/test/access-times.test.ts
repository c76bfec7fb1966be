import { parseSecretPath, scopeId } from '@scaivault/tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccessTimes } from '../src/store/access-times.ts';
import { openVault, scopeOf, tenantA, type Vault } from './open-vault.ts';

let vault: Vault;
beforeAll(async () => {
  vault = await openVault();
});
afterAll(async () => {
  expect(vault.failures).toEqual([]);
  await vault.close();
});

const minute = 60_000_000;
const floorMinute = (micros: number): number => micros - (micros % minute);
const owner = scopeId(tenantA);

const accessedAt = async (path: string, scope = tenantA): Promise<number | null | undefined> =>
  (await vault.store.head(scope, parseSecretPath(path)))?.lastAccessedAtMicros;

describe('the time of the last access', () => {
  it('is that of the read, to the minute, once it was flushed; a write is none', async () => {
    const { facts } = await vault.put('accessed/read');
    await vault.recorder.flush();
    expect(await accessedAt('accessed/read')).toBeNull();

    vault.passSeconds(3 * 60 + 7);
    await vault.read('accessed/read');
    await vault.recorder.flush();
    const first = floorMinute(facts.createdAtMicros + (3 * 60 + 7) * 1_000_000);
    expect(await accessedAt('accessed/read')).toBe(first);

    vault.passSeconds(60);
    await vault.read('accessed/read');
    await vault.recorder.flush();
    expect(await accessedAt('accessed/read')).toBe(first + minute);
  });

  it('is told by the next read and by the metadata', async () => {
    await vault.put('accessed/told');
    await vault.read('accessed/told');
    await vault.recorder.flush();
    const at = await accessedAt('accessed/told');
    expect(at).not.toBeNull();
    expect((await vault.read('accessed/told')).secret.lastAccessedAtMicros).toBe(at);
    expect((await vault.metadata('accessed/told')).facts.lastAccessedAtMicros).toBe(at);
  });

  it('changes neither revision nor time of update', async () => {
    const { facts } = await vault.put('accessed/untouched');
    vault.passSeconds(90);
    await vault.read('accessed/untouched');
    await vault.recorder.flush();
    expect(await vault.store.head(tenantA, parseSecretPath('accessed/untouched'))).toEqual({
      ...facts,
      lastAccessedAtMicros: await accessedAt('accessed/untouched'),
    });
  });

  it('never goes back, whichever process comes last', async () => {
    const other = await vault.another();
    await vault.put('accessed/forward');
    await other.read('accessed/forward');
    vault.passSeconds(600);
    await vault.read('accessed/forward');
    await vault.recorder.flush();
    const at = await accessedAt('accessed/forward');
    await other.recorder.flush();
    expect(await accessedAt('accessed/forward')).toBe(at);
  });

  it('is kept per tenant, of equal paths too', async () => {
    const other = scopeOf('tnt_b');
    await vault.put('accessed/scoped');
    await vault.put('accessed/scoped', {}, other);
    await vault.read('accessed/scoped');
    await vault.recorder.flush();
    expect(await accessedAt('accessed/scoped')).not.toBeNull();
    expect(await accessedAt('accessed/scoped', other)).toBeNull();
  });

  it('is forgotten with its secret, and not taken over by a later one at the path', async () => {
    await vault.put('accessed/gone');
    await vault.read('accessed/gone');
    await vault.remove('accessed/gone', { permanent: true });
    await vault.recorder.flush();
    expect(await accessedAt('accessed/gone')).toBeUndefined();

    await vault.put('accessed/gone');
    await vault.read('accessed/gone');
    await vault.remove('accessed/gone', { permanent: true });
    vault.passSeconds(60);
    await vault.put('accessed/gone');
    await vault.recorder.flush();
    expect(await accessedAt('accessed/gone')).toBeNull();
  });

  it('of what was refused is not written', async () => {
    await vault.put('accessed/expired', { expiresIn: '1h' });
    vault.passSeconds(3600);
    await expect(vault.read('accessed/expired')).rejects.toMatchObject({ code: 'secret_expired' });
    await vault.recorder.flush();
    expect(await accessedAt('accessed/expired')).toBeNull();
  });
});

describe('many at once', () => {
  const paths = Array.from({ length: 400 }, (_, i) => `many/${String(i).padStart(3, '0')}`);

  beforeAll(async () => {
    await vault.admin`
      insert into secrets.secret (
        scope_id, path, secret_type, current_version, max_versions, metadata, metadata_revision, tags, created_at, updated_at
      )
      select ${owner}, path, 'kv', 1, 10, '{}', 1, '{}', to_timestamp(0), to_timestamp(0)
      from unnest(${paths}::text[]) as path`;
  });

  it('are written in one statement', async () => {
    await createAccessTimes(vault.db).save(
      owner,
      paths.map((path, i) => ({ path, atMicros: minute * (i + 1) })),
    );
    const rows = await vault.admin<{ path: string; at: number }[]>`
      select path, last_accessed_at as at from secrets.secret where path like 'many/%' order by path`;
    expect(rows).toEqual(paths.map((path, i) => ({ path, at: minute * (i + 1) })));
  });

  it('are written by processes that never wait for each other in a ring', async () => {
    const processes = [vault, await vault.another(), await vault.another()];
    const saving = Array.from({ length: 24 }, async (_, round) => {
      const times = createAccessTimes((processes[round % 3] ?? vault).db);
      const order = round % 2 === 0 ? paths : paths.toReversed();
      await times.save(
        owner,
        order.map((path) => ({ path, atMicros: minute * (1_000 + round) })),
      );
    });
    await Promise.all(saving);
    expect(await accessedAt('many/000')).toBe(minute * 1_023);
  });
});
