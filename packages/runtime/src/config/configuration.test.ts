import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigurationError, type Environment, loadConfiguration } from './configuration.ts';
import type { Secret } from './secret.ts';

const folder = mkdtempSync(join(tmpdir(), 'scaivault-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileWith = (text: string): string => {
  const path = join(folder, `${Math.random()}`);
  writeFileSync(path, text);
  return path;
};

const refusalOf = (env: Environment): string => {
  try {
    loadConfiguration(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('The configuration was taken.');
};

describe('loadConfiguration', () => {
  it('needs nothing, has the documented defaults and cannot be changed', () => {
    const config = loadConfiguration({});
    expect(config).toMatchObject({
      BIND_ADDRESS: '0.0.0.0:8443',
      REQUEST_TIMEOUT: 30_000,
      MAX_BODY_BYTES: 2_097_152,
      TOKEN_LEEWAY: 60_000,
      JWKS_REFRESH: 600_000,
      AUTHORITY_MAX_STALENESS: 5_000,
      AUDIT_MODE: 'async',
      OIDC_CLAIM_TENANT: 'tenant_id',
      DATABASE_URL: undefined,
      rateLimits: {},
      peerUrls: {},
    });
    expect(Object.isFrozen(config) && Object.isFrozen(config.rateLimits) && Object.isFrozen(config.peerUrls)).toBe(
      true,
    );
  });

  it('reads each kind of setting', () => {
    const config = loadConfiguration({
      BIND_ADDRESS: '[::1]:8443',
      METRICS_BIND_ADDRESS: '',
      BASE_URL: 'https://vault.example/',
      TRUSTED_PROXIES: ' 10.0.0.0/8 ,, 192.168.0.0/16',
      LOG_LEVEL: 'warn',
      READY_REQUIRES_REDIS: 'true',
      DATABASE_POOL_SIZE: '200',
      SHUTDOWN_TIMEOUT: '1h30m',
      IDENTITY_SYNC_INTERVAL: '0s',
      KMS_PROVIDER: 'pkcs11',
      REDIS_PREFIX: 'x:',
      SCAIKEY_WEBHOOK_SECRET: 'new, old',
      RATE_LIMIT_SECRETS_READ: '5000',
      RATE_LIMIT_AUTH_FAILURES: '0',
      RATE_LIMIT_ON_REDIS_LOSS: 'refuse',
      PEER_IDENTITY_SYNC_URL: 'https://identity:1234',
    });
    expect(config).toMatchObject({
      BIND_ADDRESS: '[::1]:8443',
      METRICS_BIND_ADDRESS: '',
      BASE_URL: 'https://vault.example',
      TRUSTED_PROXIES: ['10.0.0.0/8', '192.168.0.0/16'],
      LOG_LEVEL: 'warn',
      READY_REQUIRES_REDIS: true,
      DATABASE_POOL_SIZE: 200,
      SHUTDOWN_TIMEOUT: 5_400_000,
      IDENTITY_SYNC_INTERVAL: 0,
      KMS_PROVIDER: 'pkcs11',
      REDIS_PREFIX: 'x:',
      rateLimits: { 'secrets:read': 5000, 'auth:failures': 0 },
      RATE_LIMIT_ON_REDIS_LOSS: 'refuse',
      peerUrls: { 'identity-sync': 'https://identity:1234' },
    });
    expect(config.SCAIKEY_WEBHOOK_SECRET.map((secret) => secret.reveal())).toEqual(['new', 'old']);
  });

  it.each([
    ['BIND_ADDRESS', '8443'],
    ['BIND_ADDRESS', 'canary:port'],
    ['METRICS_BIND_ADDRESS', 'canary'],
    ['BASE_URL', 'ftp://canary'],
    ['BASE_URL', ''],
    ['LOG_LEVEL', 'canary'],
    ['READY_REQUIRES_REDIS', 'TRUE'],
    ['DATABASE_POOL_SIZE', '0'],
    ['DATABASE_POOL_SIZE', '201'],
    ['DATABASE_POOL_SIZE', '1e2'],
    ['DATABASE_POOL_SIZE', ' 7'],
    ['SHUTDOWN_TIMEOUT', '30'],
    ['SHUTDOWN_TIMEOUT', 'canary'],
    ['KMS_PROVIDER', 'canary'],
    ['DATABASE_URL', 'mysql://user:canary@host/db'],
    ['METRICS_TOKEN', ''],
    ['RATE_LIMIT_SECRETS_READ', '-1'],
    ['RATE_LIMIT_SECRETS_READ', '1.5'],
    ['RATE_LIMIT_CANARY', '5'],
    ['RATE_LIMIT_SECRETS_REED', '5'],
    ['PEER_CANARY_URL', 'https://x:1'],
    ['PEER_SECRETS', 'https://x:1'],
    ['PEER_SECRETS_URL', 'http://canary:1'],
  ])('refuses %s=%j by its name, without showing the value', (name, value) => {
    const message = refusalOf({ [name]: value });
    expect(message).toMatch(new RegExp(`^${name} `));
    expect(message.slice(name.length)).not.toContain('canary');
  });

  it('takes a secret from the file that NAME_FILE names, without the line break at its end', () => {
    const config = loadConfiguration({
      METRICS_TOKEN_FILE: fileWith('from-file\n'),
      DATABASE_URL_FILE: fileWith('postgresql://u:p@h/db\n'),
      SCAIKEY_WEBHOOK_SECRET_FILE: fileWith('one,two'),
    });
    expect(config.METRICS_TOKEN?.reveal()).toBe('from-file');
    expect(config.DATABASE_URL?.reveal()).toBe('postgresql://u:p@h/db');
    expect(config.SCAIKEY_WEBHOOK_SECRET).toHaveLength(2);
  });

  it('refuses a secret that is given twice', () => {
    const message = refusalOf({ METRICS_TOKEN: 'canary', METRICS_TOKEN_FILE: fileWith('canary') });
    expect(message).toBe('METRICS_TOKEN and METRICS_TOKEN_FILE are both set; keep one of them');
  });

  it('refuses a secret file that is absent or empty', () => {
    expect(refusalOf({ METRICS_TOKEN_FILE: join(folder, 'absent') })).toBe(
      'METRICS_TOKEN_FILE cannot be read (ENOENT)',
    );
    expect(refusalOf({ METRICS_TOKEN_FILE: fileWith('\n') })).toMatch(/^METRICS_TOKEN /);
  });

  it('keeps every secret out of whatever prints the configuration', () => {
    const config = loadConfiguration({ METRICS_TOKEN: 'canary', DATABASE_URL: 'postgresql://u:canary@h/db' });
    expect(JSON.stringify(config)).not.toContain('canary');
    const revealed: Secret | undefined = config.METRICS_TOKEN;
    expect(revealed?.reveal()).toBe('canary');
  });
});
