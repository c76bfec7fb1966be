/** The data types of the SSH protocol (RFC 4251, 5). */

export const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Bytes, or a text in UTF-8, behind their length. */
export const string = (content: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
};

/** A number that is not negative, from its big-endian bytes: no leading zeros but one where the top bit is set. */
export const mpint = (magnitude: Uint8Array): Buffer => {
  const start = magnitude.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? magnitude.subarray(0, 0) : magnitude.subarray(start);
  const sign = (digits[0] ?? 0) & 0x80 ? [0] : [];
  return string(Buffer.from([...sign, ...digits]));
};
