import { createSecretKey, hkdfSync } from 'node:crypto';
import { openEnvelope, sealEnvelope } from '@scaivault/crypto';
import { VaultError } from '@scaivault/errors';
import { createCursorCodec } from '@scaivault/tenancy';
import type { PathCursors } from '../ports.ts';

const noContext = new Uint8Array();

/**
 * List cursors whose position is encrypted besides being signed: the last row looked at may be one that the caller must
 * not know of. `key` is the service's cursor key of 32 bytes.
 */
export const createPathCursors = ({
  key,
  nowMs,
}: {
  readonly key: Uint8Array;
  readonly nowMs: () => number;
}): PathCursors => {
  const codec = createCursorCodec({ key, nowMs });
  const positionKey = createSecretKey(Buffer.from(hkdfSync('sha256', key, noContext, 'scaivault:list-position', 32)));
  return {
    seal: (binding, path) =>
      codec.seal(binding, sealEnvelope(positionKey, Buffer.from(path), noContext).toString('base64url')),
    open(binding, text) {
      const position = codec.open(binding, text);
      if (typeof position !== 'string') {
        throw new VaultError('invalid_cursor', 'The cursor is not valid for this list. Start again without it.');
      }
      return openEnvelope(positionKey, Buffer.from(position, 'base64url'), noContext).toString();
    },
  };
};
