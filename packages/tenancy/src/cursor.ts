import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import type { ScopeId } from './scope.ts';

/** What a cursor is good for: the same rows, asked for in the same way. */
export interface CursorBinding {
  readonly scopeId: ScopeId;
  /** A fixed name of the list, e.g. its RPC. */
  readonly route: string;
  /** The query without `limit` and `cursor`; JSON values, undefined counts as absent. */
  readonly filters: Readonly<Record<string, unknown>>;
}

export interface CursorCodec {
  /** Cursor text for going on after `position`, which is a small JSON value the client can read but not change. */
  seal(binding: CursorBinding, position: unknown): string;
  /** The position again; 400 `invalid_cursor` when tampered with, of another list or filter, or older than 24 h. */
  open(binding: CursorBinding, text: string): unknown;
}

const maxAgeMs = 24 * 3_600_000;
const checksumBytes = 16;
const cursorText = /^[A-Za-z0-9_-]{1,8192}$/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON with sorted keys, so that equal filters give equal text. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

const invalidCursor = (cause?: unknown): VaultError =>
  new VaultError('invalid_cursor', 'The cursor is not valid for this list. Start again without it.', { cause });

const decode = (text: string): Record<string, unknown> => {
  if (!cursorText.test(text)) throw invalidCursor();
  const bytes = Buffer.from(text, 'base64url');
  // Several texts decode to the same bytes; only the one that was given out is a cursor.
  if (bytes.toString('base64url') !== text) throw invalidCursor();
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw invalidCursor(error);
  }
  if (!isRecord(parsed)) throw invalidCursor();
  return parsed;
};

/**
 * Seals and opens list cursors (rest-api-core 1.5): base64url of {`p`: position, `t`: issue time in ms, `m`: checksum},
 * the checksum being HMAC-SHA-256 cut to 16 bytes. `key` holds at least 32 bytes and is the same in every replica.
 */
export const createCursorCodec = ({
  key,
  nowMs,
}: {
  readonly key: Uint8Array;
  readonly nowMs: () => number;
}): CursorCodec => {
  if (key.length < 32) throw new VaultError('invalid_config', 'A cursor key has at least 32 bytes.');
  const hmacKey = createSecretKey(key);

  const checksum = ({ scopeId, route, filters }: CursorBinding, issuedMs: number, position: unknown): Buffer =>
    createHmac('sha256', hmacKey)
      .update(canonicalJson(['scaivault-cursor-1', scopeId, route, filters, issuedMs, position]))
      .digest()
      .subarray(0, checksumBytes);

  return {
    seal(binding, position) {
      const issuedMs = nowMs();
      const mac = checksum(binding, issuedMs, position).toString('base64url');
      return Buffer.from(JSON.stringify({ p: position, t: issuedMs, m: mac })).toString('base64url');
    },

    open(binding, text) {
      const { p: position, t: issuedMs, m: mac } = decode(text);
      if (typeof issuedMs !== 'number' || typeof mac !== 'string') throw invalidCursor();
      const given = Buffer.from(mac, 'base64url');
      const expected = checksum(binding, issuedMs, position);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw invalidCursor();
      if (nowMs() - issuedMs > maxAgeMs) throw invalidCursor();
      return position;
    },
  };
};
