import { createHash } from 'node:crypto';

/** Content-MD5 (RFC 1864) of a content in pieces: tells the store of what has changed on the way, and nobody of anything else. */
export const md5Of = (content: readonly Buffer[]): string => {
  const hash = createHash('md5');
  for (const piece of content) hash.update(piece);
  return hash.digest('base64');
};
