import { VaultError } from '@scaivault/errors';

const lengthBytes = 4;
/** Longest UTF-8 form of one UTF-16 unit. */
const bytesPerUnit = 3;

/**
 * Texts as bytes from which exactly these texts could be read back: each is its UTF-8 form behind its length in 4 bytes,
 * big-endian. The first one names the use, so that two uses never meet. `internal_error` for a text with a lone
 * surrogate, since all of those have the same UTF-8 form.
 */
export const encodeFields = (...texts: readonly [use: string, ...fields: string[]]): Buffer => {
  let longest = 0;
  for (const text of texts) {
    if (!text.isWellFormed()) {
      throw new VaultError('internal_error', 'A text that names a ciphertext is not well-formed Unicode.');
    }
    longest += lengthBytes + text.length * bytesPerUnit;
  }
  // What is not written below is cut off.
  const encoded = Buffer.allocUnsafe(longest);
  let offset = 0;
  for (const text of texts) {
    const written = encoded.write(text, offset + lengthBytes);
    offset = encoded.writeUInt32BE(written, offset) + written;
  }
  return encoded.subarray(0, offset);
};
