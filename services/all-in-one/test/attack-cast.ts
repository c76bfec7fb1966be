import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { expect } from 'vitest';
import { fingerprint } from './attack-fingerprint.ts';
import { type Grant, grant, succeeded } from './grant.ts';

/** Stands in values that the caller of a test must not see. */
export const canary = 'canary-that-must-not-show';

/** A vault, everybody who attacks it, and short ways to ask. */
export interface Cast extends AsyncDisposable {
  readonly vault: Vault;
  readonly sql: Awaited<ReturnType<Vault['openDatabase']>>;
  /** Tenant admin of tnt_acme_prod. */
  readonly alice: string;
  /** User of tnt_acme_prod with every scope, and no policy but what a test gives. */
  readonly bob: string;
  /** Partner admin of ptn_acme, at home in tnt_acme_prod. */
  readonly carol: string;
  /** Tenant admin of tnt_umbrella_prod, of another partner. */
  readonly dave: string;
  /** Partner admin of ptn_umbrella. */
  readonly peer: string;
  /** super_admin. */
  readonly root: string;
  /** Writes a secret of the token's tenant; by default the canary, as alice. */
  put(path: string, value?: string, token?: string, options?: object): Promise<Answer>;
  /** Addresses below `/v1/`. */
  get(path: string, token: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, token: string, body: object, headers?: Record<string, string>): Promise<Answer>;
  bobMay(pattern: string, ...permissions: string[]): Promise<Grant>;
  /** Does the work, and sees that no row is another than before. */
  untouched(work: () => Promise<void>): Promise<void>;
}

/** The answer without what differs from request to request, and without the names that were asked for. */
export const wordsOf = ({ status, text, json }: Answer, ...names: readonly string[]): string =>
  names.reduce(
    (words, name) => words.replaceAll(name, '<name>'),
    `${status} ${text.replaceAll(json?.error?.request_id ?? '-', '<request_id>')}`,
  );

/** Takes over a vault and gives each tenant a secret `own`, and so its keys. */
export const openCast = async (vault: Vault): Promise<Cast> => {
  const sql = await vault.openDatabase();
  const alice = vault.token;
  const put: Cast['put'] = async (path, value = canary, token = alice, limits = {}) =>
    succeeded(await vault.request('PUT', `/v1/secrets/${path}`, { token, body: { data: { value }, options: limits } }));
  const dave = await vault.mint({ sub: 'dave@umbrella.example' });
  const root = await vault.mint({ sub: 'root@scailabs.example' });
  for (const token of [alice, dave, root]) await put('own', 'of the tenant', token);
  return {
    vault,
    sql,
    alice,
    bob: await vault.mint({ sub: 'bob@acme.example' }),
    carol: await vault.mint({ sub: 'carol@acme.example' }),
    dave,
    peer: await vault.mint({ sub: 'pia@umbrella.example', tenant_id: 'tnt_umbrella_prod', roles: ['partner_admin'] }),
    root,
    put,
    get: (path, token, headers = {}) => vault.request('GET', `/v1/${path}`, { token, headers }),
    post: (path, token, body, headers = {}) => vault.request('POST', `/v1/${path}`, { token, body, headers }),
    bobMay: (pattern, ...permissions) =>
      grant(vault, 'user:bob@acme.example', [{ path_pattern: pattern, permissions }]),
    untouched: async (work) => {
      const before = await fingerprint(sql);
      await work();
      expect(await fingerprint(sql)).toEqual(before);
    },
    [Symbol.asyncDispose]: async () => {
      await sql.end();
      await vault[Symbol.asyncDispose]();
    },
  };
};
