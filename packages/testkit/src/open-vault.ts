import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type postgres from 'postgres';
import { openVaultDatabase } from './vault-database.ts';

/** The two shapes that one code is deployed in. */
export type Shape = 'all-in-one' | 'services';

export interface TokenWish {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly json: any;
}

export interface RequestOptions {
  /** A token; null sends none; left out: the tenant admin of tnt_acme_prod. */
  readonly token?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A vault that runs, as a test uses it. */
export interface VaultAccess {
  readonly shape: Shape;
  readonly url: string;
  readonly scaiKeyUrl: string;
  readonly webhookSecret: string;
  /** Tenant admin of tnt_acme_prod. */
  readonly token: string;
  readonly dataDir: string;
  /** Of its first process. */
  readonly pid: number;
  /** Everything its processes have printed so far. */
  output(): string;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  mint(wish: TokenWish): Promise<string>;
  /** A session of the login that owns the database; end it yourself. */
  openDatabase(): Promise<postgres.Sql>;
}

/** One that ends with its test, or is given back. */
export interface Vault extends VaultAccess, AsyncDisposable {}

const readEnvFile = async (path: string): Promise<Readonly<Record<string, string>>> =>
  Object.fromEntries(
    (await readFile(path, 'utf8'))
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Opens a running vault by what lies in its data folder. */
export const openVault = async (
  place: Pick<VaultAccess, 'shape' | 'pid' | 'dataDir' | 'output'>,
): Promise<VaultAccess> => {
  const access = await readEnvFile(join(place.dataDir, 'dev.env'));
  const { SCAIVAULT_URL: url = '', SCAIVAULT_TOKEN: token = '', SCAIKEY_URL: scaiKeyUrl = '' } = access;
  return {
    ...place,
    url,
    token,
    scaiKeyUrl,
    webhookSecret: access.SCAIKEY_WEBHOOK_SECRET ?? '',
    openDatabase: () => openVaultDatabase(place.dataDir),
    request: async (method, path, { token: other = token, body, headers = {} } = {}) => {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(other === null ? {} : { authorization: `Bearer ${other}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, text, json: text === '' ? undefined : parse(text) };
    },
    mint: async (wish) => {
      const answer = await fetch(`${scaiKeyUrl}/dev/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(wish),
      });
      const { access_token: minted } = (await answer.json()) as { access_token?: string };
      if (minted === undefined) throw new Error(`The emulator minted no token (${answer.status}).`);
      return minted;
    },
  };
};
