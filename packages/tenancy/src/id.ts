import { randomFillSync } from 'node:crypto';
import { incrementBase32, monotonicFactory } from 'ulid';

/** The prefixes of the ids that this system mints (rest-api-core 1.3), by the thing they name. */
export const idPrefixes = Object.freeze({
  pol: 'access policy',
  bnd: 'binding',
  sp: 'secret policy',
  rot: 'rotation policy',
  rh: 'rotation history item',
  wh: 'webhook',
  del: 'delivery',
  evt: 'event',
  sub: 'subscription',
  log: 'audit record',
  exp: 'audit export',
  req: 'request',
  fed: 'federation backend',
  eng: 'dynamic engine',
  lease: 'lease',
  ca: 'certificate authority',
  crt: 'certificate',
  csr: 'certificate signing request',
  anc: 'trust anchor',
  acct: 'ACME account',
  ord: 'ACME order',
  authz: 'ACME authorization',
  chal: 'ACME challenge',
  dnsp: 'DNS provider',
  sync: 'identity sync',
  chk: 'audit checkpoint',
  krot: 'key rotation',
});

export type IdPrefix = keyof typeof idPrefixes;

const pool = Buffer.alloc(4096);
let used = pool.length;

/** A number in [0, 1) from the system's generator, a pool at a time: one call per character would cost more than the rest. */
const random = (): number => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const byte = pool[used] ?? 0;
  used += 1;
  return byte / 256;
};

const nextUlid = monotonicFactory(random);
// A ULID is 128 bits in 26 characters of 5, so the first character carries only three of them.
const ulidText = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** A fresh id: prefix, `_`, and a ULID that is larger than every earlier one of this process (rest-api-core 1.3). */
export const newId = (prefix: IdPrefix): string => `${prefix}_${nextUlid()}`;

/** The same, but larger than `last` too, an id of this prefix that some other process may have made, or ''. */
export const newIdAfter = (prefix: IdPrefix, last: string): string => {
  const fresh = newId(prefix);
  return fresh > last ? fresh : `${prefix}_${incrementBase32(last.slice(prefix.length + 1))}`;
};

/** True when `text` is an id of this prefix as `newId` makes it: upper-case ULID, nothing around it. */
export const isId = (prefix: IdPrefix, text: string): boolean =>
  text.startsWith(`${prefix}_`) && ulidText.test(text.slice(prefix.length + 1));
