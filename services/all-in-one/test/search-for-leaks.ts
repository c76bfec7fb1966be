import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vault } from '@scaivault/testkit/start-vault';

/** What base64 makes of the text wherever in a longer one it stands: the part that does not depend on its neighbours. */
const base64Forms = (text: string, encoding: 'base64' | 'base64url'): string[] =>
  [0, 1, 2].map((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
    const encoded = bytes.toString(encoding).replace(/=+$/, '');
    return encoded.slice(Math.ceil((offset * 4) / 3), Math.floor((bytes.length * 8) / 6));
  });

const hex = (text: string): string => Buffer.from(text).toString('hex');
const escaped = (text: string): string =>
  [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const percent = (text: string): string => `%${hex(text).match(/../g)?.join('%') ?? ''}`;

/** The spellings in which a text could lie about: plain, base64, hex, escaped for JSON and for addresses, backwards. */
export const spellingsOf = (text: string): readonly string[] => [
  ...new Set([
    text,
    ...base64Forms(text, 'base64'),
    ...base64Forms(text, 'base64url'),
    hex(text),
    hex(text).toUpperCase(),
    escaped(text),
    percent(text),
    [...text].reverse().join(''),
  ]),
];

/** The needles that occur in a text. */
export const foundIn = (text: string, needles: readonly string[]): readonly string[] =>
  needles.filter((needle) => text.includes(needle));

const filesBelow = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

/** Files below a folder that hold one of the needles, read as bytes. */
export const filesWith = async (folder: string, needles: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const file of await filesBelow(folder)) {
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      // The database and the journal remove files of theirs while we look.
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    if (needles.some((needle) => bytes.includes(needle))) found.push(file);
  }
  return found;
};

/**
 * Tables of the database with a row that holds one of the needles, in any column of any type. Rows are compared as
 * text, in which bytes stand as hex: hence each needle is also looked for in that form.
 */
export const tablesWith = async (vault: Vault, needles: readonly string[]): Promise<readonly string[]> => {
  const sql = await vault.openDatabase();
  try {
    const tables = await sql<{ name: string }[]>`
      select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`;
    const all = [...needles, ...needles.map(hex)];
    const found: string[] = [];
    for (const { name } of tables) {
      const [row] = await sql`
        select 1 from ${sql.unsafe(name)} t
        where exists (select from unnest(${all}::text[]) needle where position(needle in t::text) > 0) limit 1`;
      if (row !== undefined) found.push(name);
    }
    return found;
  } finally {
    await sql.end();
  }
};
