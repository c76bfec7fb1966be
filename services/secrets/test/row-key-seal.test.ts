import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyChain, encodeAad, IntegrityError, type KeyChain, openLocalKeyWrapper } from '@scaivault/crypto';
import { openDatabase } from '@scaivault/db';
import { describeKeySeal } from '@scaivault/pipeline/key-seal-contract';
import { parsePartnerId, parseTenantId, scopeId, tenantScope } from '@scaivault/tenancy';
import { createTestDatabase } from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRowKeySeal } from '../src/adapters/row-key-seal.ts';
import { createKeyVersionTable } from '../src/store/key-version-table.ts';
import { secretsMigrations } from '../src/store/migrations.ts';

const row = { tenantId: parseTenantId('tnt_a'), partnerId: parsePartnerId('ptn_x'), rowId: 'app/db' };

/** A key chain on a database and a root key of its own. */
const openKeys = async (): Promise<{ readonly keys: KeyChain; close(): Promise<void> }> => {
  const database = await createTestDatabase({ migrations: [secretsMigrations] });
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-row-keys-'));
  const keyFile = join(folder, 'root.key');
  await writeFile(keyFile, randomBytes(32), { mode: 0o600 });
  const db = openDatabase({
    url: database.url,
    role: 'scaivault_secrets',
    schema: 'secrets',
    applicationName: 'row-keys-test',
    poolSize: 2,
    statementTimeoutMs: 5_000,
  });
  const wrapper = await openLocalKeyWrapper({ keyFile, create: false });
  const keys = createKeyChain({
    wrapper,
    store: createKeyVersionTable(db),
    protection: 'chain',
    cacheTtlMs: 60_000,
    cacheMax: 10,
    graceMs: 0,
    nowMs: () => performance.now(),
  });
  return {
    keys,
    close: async () => {
      await keys.close();
      await wrapper.close();
      await db.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
};

describeKeySeal('the key chain', async () => {
  const { keys, close } = await openKeys();
  return { seal: createRowKeySeal(keys, 'secrets'), [Symbol.asyncDispose]: close };
});

describe('a row key', () => {
  let keys: KeyChain;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ keys, close } = await openKeys());
  });
  afterAll(() => close());

  it('does not open for another service', async () => {
    const sealed = await createRowKeySeal(keys, 'policy').seal(row, randomBytes(64));
    await expect(createRowKeySeal(keys, 'secrets').open(row, sealed)).rejects.toBeInstanceOf(IntegrityError);
  });

  it('is nothing that a secret could be taken for', async () => {
    const scope = tenantScope(row.tenantId, row.partnerId);
    for (const purpose of ['secret', 'row key of secrets']) {
      const place = encodeAad({ purpose, scopeId: scopeId(scope), pathId: row.rowId, version: 0 });
      const value = await keys.sealData(scope, place, Buffer.from('{"password":"canary"}'));
      await expect(createRowKeySeal(keys, 'policy').open(row, value)).rejects.toBeInstanceOf(IntegrityError);
    }
  });
});
