import type { CursorBinding, CursorCodec } from './cursor.ts';

export interface PageRequest {
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Undefined on the last page. */
  readonly cursor: string | undefined;
}

const defaultLimit = 100;

/**
 * One page of a list kept in the order of its ids (rest-api-core 1.5). `read` is asked for one item more than the page
 * holds, from behind the id `after` on. 400 `invalid_cursor`.
 */
export const readPage = async <Item extends { readonly id: string }>(
  cursors: CursorCodec,
  binding: CursorBinding,
  request: PageRequest,
  read: (after: string, limit: number) => Promise<readonly Item[]>,
): Promise<Page<Item>> => {
  const limit = request.limit ?? defaultLimit;
  const after = request.cursor === undefined ? '' : String(cursors.open(binding, request.cursor));
  const found = await read(after, limit + 1);
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return { items, cursor: hasMore ? cursors.seal(binding, last.id) : undefined };
};
