import type { Database } from './database.ts';

/**
 * The 32-byte key that signs a service's list cursors (rest-api-core 1.5), the same in all its processes: the one row
 * of its table `cursor_key`, made by a migration. It protects positions in lists, never secrets.
 */
export const loadCursorKey = async (db: Pick<Database, 'sql'>): Promise<Buffer> => {
  const [row] = await db.sql<{ key: Buffer }[]>`select key from cursor_key`;
  if (row === undefined || row.key.length !== 32)
    throw new Error('The table cursor_key does not hold one key of 32 bytes.');
  return row.key;
};
