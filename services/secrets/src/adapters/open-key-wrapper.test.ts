import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, loadConfiguration } from '@scaivault/runtime';
import { describe, expect, it } from 'vitest';
import { openKeyWrapper } from './open-key-wrapper.ts';

const open = (env: Record<string, string>, holdsKeys = false) =>
  openKeyWrapper(loadConfiguration(env), () => Promise.resolve(holdsKeys));

describe('the root key', () => {
  it.each([
    [{}, 'KMS_PROVIDER is needed'],
    [{ KMS_PROVIDER: 'aws' }, 'not available in this version'],
    [{ KMS_PROVIDER: 'local' }, 'KMS_LOCAL_KEY_FILE is needed'],
  ])('of %j stops the start with the name of the setting', async (env, message) => {
    const refused = open(env);
    await expect(refused).rejects.toBeInstanceOf(ConfigurationError);
    await expect(refused).rejects.toThrow(message);
  });

  it('is made where the schema makes itself too and holds no keys yet, and nowhere else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'scaivault-root-'));
    const env = { KMS_PROVIDER: 'local', KMS_LOCAL_KEY_FILE: join(folder, 'root.key') };
    for (const mode of ['check', 'off']) {
      await expect(open({ ...env, DATABASE_MIGRATE: mode })).rejects.toMatchObject({ code: 'invalid_config' });
    }
    await expect(open({ ...env, DATABASE_MIGRATE: 'auto' }, true)).rejects.toMatchObject({ code: 'invalid_config' });
    await (await open({ ...env, DATABASE_MIGRATE: 'auto' })).close();
    await (await open({ ...env, DATABASE_MIGRATE: 'auto' }, true)).close();
    await (await open({ ...env, DATABASE_MIGRATE: 'check' })).close();
    await rm(folder, { recursive: true });
  });
});
