import { VaultError } from '@scaivault/errors';

/**
 * Texts as bytes from which exactly these texts could be read back: each is its UTF-8 form behind its length in 4 bytes,
 * big-endian. The first one names the use, so that two uses never meet. `internal_error` for a text with a lone
 * surrogate, since all of those have the same UTF-8 form.
 */
export const encodeFields = (use: string, ...fields: readonly string[]): Buffer => {
  const texts = [use, ...fields];
  if (!texts.every((text) => text.isWellFormed())) {
    throw new VaultError('internal_error', 'A text that names a ciphertext is not well-formed Unicode.');
  }
  const lengths = texts.map((text) => Buffer.byteLength(text));
  // Every byte is written below.
  const encoded = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let offset = 0;
  for (let i = 0; i < texts.length; i += 1) {
    offset = encoded.writeUInt32BE(lengths[i] ?? 0, offset);
    offset += encoded.write(texts[i] ?? '', offset);
  }
  return encoded;
};
