import type { ScopeId } from '@scaivault/tenancy';

const prefixPattern = /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/;
const longestPrefix = 200;

/** True for folder names joined by `/`, at most 200 characters, that every server and proxy leaves as they are. */
export const isObjectPrefix = (prefix: string): boolean => prefix.length <= longestPrefix && prefixPattern.test(prefix);

/**
 * `<prefix>/<scope id in base64url>/<key>`. A scope id may hold `/`, `..` and `%2F`, which clients, proxies and servers on
 * a file system each read in their own way; in base64url nothing is left to read, two scope ids never share a name, and
 * the longest one fits the 255 bytes such servers have for a folder.
 */
export const objectName = (prefix: string | undefined, scopeId: ScopeId, key: string): string => {
  const name = `${Buffer.from(scopeId, 'ascii').toString('base64url')}/${key}`;
  return prefix === undefined ? name : `${prefix}/${name}`;
};
