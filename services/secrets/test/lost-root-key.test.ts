import { access, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsService } from '@scaivault/contracts';
import { createTestDatabase, startModule } from '@scaivault/testkit';
import { expect, it } from 'vitest';
import { createSecretsModule } from '../src/module.ts';
import { secretsMigrations } from '../src/store/migrations.ts';

it('makes a root key at a first start, and never beside a database whose keys hang on another one', async () => {
  await using database = await createTestDatabase({ migrations: [secretsMigrations] });
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-root-key-'));
  const keyFile = join(folder, 'root.key');
  const env = {
    DATABASE_URL: database.url,
    DATABASE_MIGRATE: 'auto',
    KMS_PROVIDER: 'local',
    KMS_LOCAL_KEY_FILE: keyFile,
  };
  const start = () => startModule({ wire: 'direct', create: createSecretsModule, env });
  const data = Buffer.from('{"n":1}');
  try {
    {
      await using first = await start();
      await (await first.client(SecretsService)).putSecret({ path: 'kept', data });
    }
    await rename(keyFile, `${keyFile}.lost`);
    await expect(start()).rejects.toMatchObject({ code: 'invalid_config' });
    await expect(access(keyFile)).rejects.toThrow('ENOENT');

    await rename(`${keyFile}.lost`, keyFile);
    await using again = await start();
    const kept = await (await again.client(SecretsService)).readSecret({ path: 'kept' });
    expect(Buffer.from(kept.data).toString()).toBe('{"n":1}');
  } finally {
    await rm(folder, { recursive: true });
  }
});
