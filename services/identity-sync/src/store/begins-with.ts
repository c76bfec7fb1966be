import type { Statement, Tx } from '@scaivault/db';

/** Behind every text that begins like the one in front of it, in the order of code points. */
const last = '\u{10ffff}';

/**
 * True where a key begins with the text, as a range: under row-level security no index serves `like`, which might leak.
 * `key` is one of our columns, in small letters.
 */
export const beginsWith = (tx: Tx, key: string, text: string): Statement => {
  const small = tx`lower(${text}::text collate pg_catalog."default") collate "C"`;
  return tx`(${tx(key)} >= ${small} and ${tx(key)} < (lower(${text}::text collate pg_catalog."default") || ${last}) collate "C")`;
};
