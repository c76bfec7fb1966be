import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConnectionTarget } from './connection-target.ts';

const folder = mkdtempSync(join(tmpdir(), 'ca-'));
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, 'roots');
afterAll(() => rmSync(folder, { recursive: true }));

describe('a database URL', () => {
  it('gives host, port, user, password and database', () => {
    expect(parseConnectionTarget('postgresql://me:p%40ss%2Fword@db.example:6432/vault')).toEqual({
      host: 'db.example',
      port: 6432,
      user: 'me',
      password: 'p@ss/word',
      database: 'vault',
      tls: false,
    });
    expect(parseConnectionTarget('postgres://me@[::1]')).toMatchObject({ host: '::1', port: 5432, database: 'me' });
  });

  it('may name the folder of a Unix socket, percent-encoded', () => {
    expect(parseConnectionTarget('postgresql://me:pass@%2Frun%2Fmy%20pg:6432/vault')).toMatchObject({
      socket: '/run/my pg/.s.PGSQL.6432',
      port: 6432,
      database: 'vault',
      tls: false,
    });
    expect(() => parseConnectionTarget('postgresql://me@%2Frun%2Fpg/d?sslmode=require')).toThrow('knows no TLS');
  });

  it('is refused without being repeated when it is none', () => {
    for (const wrong of [
      '',
      'canary',
      'mysql://u:canary@h/d',
      'postgresql://u:canary@/d',
      'postgresql://u:canary@h:99999/d',
    ]) {
      expect(() => parseConnectionTarget(wrong)).toThrow(/^DATABASE_URL is not of the form/);
    }
  });

  it('is refused with a parameter that would change the session', () => {
    expect(() => parseConnectionTarget('postgresql://u@h/d?options=-crole%3Dpostgres')).toThrow('parameter "options"');
    expect(() => parseConnectionTarget('postgresql://u@h/d?sslmode=maybe')).toThrow('unknown sslmode');
  });
});

describe('the certificate of the server', () => {
  const tls = (query: string, ca?: string) => parseConnectionTarget(`postgresql://u@db.example/d${query}`, ca).tls;

  it('is not asked for, taken as it comes, or checked, as sslmode says', () => {
    expect(tls('')).toBe(false);
    expect(tls('?sslmode=disable')).toBe(false);
    expect(tls('?sslmode=prefer')).toBe('prefer');
    expect(tls('?sslmode=require')).toEqual({ rejectUnauthorized: false });
    expect(tls('?sslmode=verify-full')).toEqual({ host: 'db.example', servername: 'db.example' });
  });

  it('is checked against the given roots, by name too unless only the chain was asked for', () => {
    const checked = { host: 'db.example', servername: 'db.example', ca: Buffer.from('roots') };
    expect(tls('', caFile)).toEqual(checked);
    expect(tls('?sslmode=require', caFile)).toEqual(checked);
    expect(tls('?sslmode=verify-ca', caFile)).toEqual({ ...checked, checkServerIdentity: expect.any(Function) });
    expect(parseConnectionTarget('postgresql://u@10.0.0.1/d', caFile).tls).toEqual({
      host: '10.0.0.1',
      ca: checked.ca,
    });
  });

  it('is not left unchecked when roots were given', () => {
    expect(() => tls('?sslmode=disable', caFile)).toThrow('would not check');
    expect(() => tls('?sslmode=prefer', caFile)).toThrow('would not check');
  });
});
