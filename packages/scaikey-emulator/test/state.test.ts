import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startScaiKeyEmulator } from '../src/index.ts';
import { openStateFile } from '../src/state-file.ts';
import { call, newStateFile, startForTest } from './start-for-test.ts';

describe('a restart', () => {
  test('keeps keys, secret, directory, tokens and ids', async () => {
    const stateFile = await newStateFile();
    const first = await startForTest({ stateFile, baseUrl: 'http://scaikey.test/' });
    const { access_token: token } = await first.mintToken({ sub: 'usr_bob' });
    const personal = await first.createPersonalToken({ sub: 'usr_bob' });
    const user = await first.directory.create('users', { tenant_id: 'tnt_acme_dev', email: 'new@acme.example' });
    await first.stop();

    const second = await startForTest({ stateFile });
    const keySet = createRemoteJWKSet(new URL(`${second.url}/api/v1/platform/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, keySet);
    expect(payload.iss).toBe('http://scaikey.test/tenants/tnt_acme_prod');
    expect(second.webhookSecret).toBe(first.webhookSecret);
    expect(second.directory.find('new@acme.example')).toEqual(user);
    const { body } = await call('POST', `${second.url}/api/v1/platform/oauth/introspect`, {
      form: { token: personal.access_token, client_id: 'ci', client_secret: 'ci-development-secret' },
    });
    expect(body).toMatchObject({ active: true, sub: 'usr_bob', jti: personal.id });
  });

  test('takes a new webhook secret from its options and remembers it', async () => {
    const stateFile = await newStateFile();
    const first = await startForTest({ stateFile, webhook: { secret: 'given' } });
    expect(first.webhookSecret).toBe('given');
    await first.stop();
    expect((await startForTest({ stateFile })).webhookSecret).toBe('given');
  });
});

describe('the state file', () => {
  test('is readable by its owner only, holds no personal token, and leaves no temporary files', async () => {
    const stateFile = await newStateFile();
    const emulator = await startForTest({ stateFile });
    const { access_token: token } = await emulator.createPersonalToken({ sub: 'usr_bob' });
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(dirname(stateFile))).toEqual(['state.json']);
    expect(await readFile(stateFile, 'utf8')).not.toContain(token);
  });

  test('holds every change when the save that followed it resolves, however many run at once', async () => {
    const path = await newStateFile();
    const { state, save } = await openStateFile<{ numbers: number[] }>(path, async () => ({ numbers: [] }));
    await Promise.all(
      Array.from({ length: 30 }, async (_, number) => {
        state.numbers.push(number);
        await save();
        expect(JSON.parse(await readFile(path, 'utf8')).numbers).toContain(number);
      }),
    );
  });

  test('that fails to be written fails its save, and heals with the next', async () => {
    const path = join(dirname(await newStateFile()), 'inner', 'state.json');
    const { state, save } = await openStateFile<{ count: number }>(path, async () => ({ count: 0 }));
    const { rm } = await import('node:fs/promises');
    await rm(dirname(path), { recursive: true });
    state.count = 1;
    await expect(save()).rejects.toMatchObject({ code: 'ENOENT' });
    await mkdir(dirname(path));
    await save();
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ count: 1 });
  });

  test('that is broken stops the start instead of being replaced', async () => {
    const stateFile = await newStateFile();
    await writeFile(stateFile, '{"keys": [');
    await expect(startForTest({ stateFile })).rejects.toMatchObject({ code: 'invalid_config' });
    expect(await readFile(stateFile, 'utf8')).toBe('{"keys": [');
  });
});

describe('in production', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each(['production', 'Production', ' production '])(
    'NODE_ENV=%j is refused before anything is made',
    async (value) => {
      const stateFile = await newStateFile();
      vi.stubEnv('NODE_ENV', value);
      const start = startScaiKeyEmulator({ host: '127.0.0.1', port: 0, stateFile });
      await expect(start).rejects.toMatchObject({
        code: 'invalid_config',
        message: expect.stringContaining('production'),
      });
      expect(await readdir(dirname(stateFile))).toEqual([]);
    },
  );
});
