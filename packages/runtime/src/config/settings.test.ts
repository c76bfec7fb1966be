import { expect, it } from 'vitest';
import { settings, settingsWithoutEffect } from './settings.ts';

it('names what is set but not used yet, whether given by value or by file, and nothing else', () => {
  const env = {
    KMS_TIMEOUT: '2s',
    BOOTSTRAP_TOKEN_FILE: '/run/key',
    TLS_CERT_FILE: '/run/cert',
    PATH: '/bin',
  };
  expect(settingsWithoutEffect(env)).toEqual(['KMS_TIMEOUT', 'BOOTSTRAP_TOKEN_FILE']);
});

it('speaks only of variables that exist', () => {
  const every = Object.fromEntries(Object.keys(settings).map((name) => [name, 'x']));
  const unknown = settingsWithoutEffect(every).filter((name) => !Object.hasOwn(settings, name));
  expect(settingsWithoutEffect(every)).toHaveLength(14);
  expect(unknown).toEqual([]);
});
