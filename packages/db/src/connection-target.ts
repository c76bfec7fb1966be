import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { socketFile } from './socket-file.ts';

/** Where the database is and who asks, from DATABASE_URL and DATABASE_CA_FILE. */
export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  /** The server's Unix socket, which then carries the connection, whatever host and port are. */
  readonly socket?: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** false: plain; 'prefer': encrypted where the server can; else how its certificate is checked. */
  readonly tls: false | 'prefer' | TlsOptions;
}

const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];

const parseUrl = (url: string): URL => {
  const parsed = URL.parse(url);
  // The text holds a password, so it is never repeated.
  if (parsed === null || !['postgres:', 'postgresql:'].includes(parsed.protocol) || parsed.hostname === '') {
    throw new Error('DATABASE_URL is not of the form postgresql://user:password@host:port/database.');
  }
  return parsed;
};

const sslMode = (parsed: URL, caFile: string | undefined): SslMode => {
  for (const name of parsed.searchParams.keys()) {
    if (name !== 'sslmode') throw new Error(`DATABASE_URL has the parameter "${name}"; only sslmode is understood.`);
  }
  const given = parsed.searchParams.get('sslmode');
  const mode = sslModes.find((known) => known === (given ?? (caFile === undefined ? 'disable' : 'verify-full')));
  if (mode === undefined) throw new Error(`DATABASE_URL has an unknown sslmode; known are ${sslModes.join(', ')}.`);
  if (caFile !== undefined && (mode === 'disable' || mode === 'prefer')) {
    throw new Error(`DATABASE_CA_FILE is set, but sslmode=${mode} would not check against it.`);
  }
  return mode;
};

const tlsOptions = (mode: SslMode, host: string, caFile: string | undefined): ConnectionTarget['tls'] => {
  if (mode === 'disable') return false;
  if (mode === 'prefer') return 'prefer';
  // As with libpq: `require` alone encrypts without asking who answers; with a trust root it is held against it.
  if (mode === 'require' && caFile === undefined) return { rejectUnauthorized: false };
  return {
    host,
    // Certificates name addresses too, but server name indication does not.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
};

/**
 * Reads a database URL (rest-api-dynamic-ops 3, DATABASE_*); `caFile` is a path to PEM roots. With a trust root the
 * certificate is checked, host name included unless `sslmode=verify-ca`. As with libpq, the host may be the folder of a
 * Unix socket, percent-encoded. Errors name the fault, never the URL.
 */
export const parseConnectionTarget = (url: string, caFile?: string): ConnectionTarget => {
  const parsed = parseUrl(url);
  const host = decodeURIComponent(parsed.hostname).replace(/^\[|\]$/g, '');
  const user = decodeURIComponent(parsed.username);
  const port = parsed.port === '' ? 5432 : Number(parsed.port);
  const tls = tlsOptions(sslMode(parsed, caFile), host, caFile);
  const isFolder = isAbsolute(host);
  if (isFolder && tls !== false) throw new Error('DATABASE_URL names a Unix socket, which knows no TLS.');
  return {
    host,
    port,
    ...(isFolder ? { socket: socketFile(host, port) } : {}),
    user,
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)) || user,
    tls,
  };
};
