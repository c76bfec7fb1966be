import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type StartedModule, startModule } from '@scaivault/testkit';
import { createSecretsModule } from '../src/module.ts';
import { secretsMigrations } from '../src/store/migrations.ts';

export interface StartedSecrets {
  readonly vault: StartedModule;
  close(): Promise<void>;
}

/** The whole service behind a wire, on a database and a root key of its own. */
export const startSecrets = async (
  wire: Parameters<typeof startModule>[0]['wire'],
  env: Readonly<Record<string, string>> = {},
): Promise<StartedSecrets> => {
  const database = await createTestDatabase({ migrations: [secretsMigrations] });
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-secrets-'));
  const keyFile = join(folder, 'root.key');
  await writeFile(keyFile, randomBytes(32), { mode: 0o600 });
  const vault = await startModule({
    wire,
    create: createSecretsModule,
    env: {
      DATABASE_URL: database.url,
      KMS_PROVIDER: 'local',
      KMS_LOCAL_KEY_FILE: keyFile,
      DATABASE_POOL_SIZE: '4',
      ...env,
    },
  });
  return {
    vault,
    close: async () => {
      await vault[Symbol.asyncDispose]();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
};
