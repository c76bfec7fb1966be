import type { EventData } from '../domain/event-data.ts';
import { type ListPage, rowsPerPage } from '../domain/list-page.ts';
import type { Sight } from '../domain/sight.ts';
import type { ListedKind } from '../domain/sync-progress.ts';
import type { ScaiKeyLists } from '../ports.ts';
import type { ClientToken } from './client-token.ts';
import { fetchJson, type JsonAnswer, scaiKeyAway } from './fetch-json.ts';

const isRow = (value: unknown): value is EventData =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const filterOf = (range: Sight): Readonly<Record<string, string>> => {
  if (range.kind === 'everything') return {};
  return range.kind === 'partner' ? { partner_id: range.partnerId } : { tenant_id: range.tenantId };
};

/** ScaiKey's lists over HTTP (rest-api-dynamic-ops 6), read with the token of our own client. */
export const createScaiKeyLists = ({
  url,
  token,
  nowMs,
}: {
  /** SCAIKEY_URL, without a slash at its end. */
  readonly url: string;
  readonly token: ClientToken;
  readonly nowMs: () => number;
}): ScaiKeyLists => {
  const askOnce = async (path: string): Promise<JsonAnswer> =>
    await fetchJson(`${url}/api/v1/admin/${path}`, { headers: { authorization: `Bearer ${await token.get()}` } });

  /** A token that was revoked before its time is replaced once. */
  const ask = async (path: string): Promise<JsonAnswer> => {
    const first = await askOnce(path);
    if (first.status !== 401) return first;
    token.forget();
    return await askOnce(path);
  };

  const found = async (path: string): Promise<JsonAnswer | undefined> => {
    const answer = await ask(path);
    if (answer.status === 404) return undefined;
    if (answer.body === undefined) throw scaiKeyAway(new Error(`A list was answered with ${answer.status}.`));
    return answer;
  };

  const pageOf = ({ body, dateMicros }: JsonAnswer, page: number): ListPage => {
    const { items, total, page: told } = body ?? {};
    if (!Array.isArray(items) || !items.every(isRow) || items.length > rowsPerPage) {
      throw scaiKeyAway(new Error('A list has no usable items.'));
    }
    if (typeof total !== 'number' || !Number.isSafeInteger(total) || total < 0 || (told ?? page) !== page) {
      throw scaiKeyAway(new Error('A list does not say how long it is, or is another page than the one asked for.'));
    }
    return { items, total, readAtMicros: dateMicros ?? nowMs() * 1000 };
  };

  const query = (page: number, filter: Readonly<Record<string, string>> = {}): string =>
    new URLSearchParams({ ...filter, page: String(page), per_page: String(rowsPerPage) }).toString();

  const find = async (kind: ListedKind, id: string): Promise<EventData | undefined> =>
    (await found(`${kind}/${encodeURIComponent(id)}`))?.body;

  const single = async (kind: ListedKind, id: string): Promise<ListPage> => {
    const row = await find(kind, id);
    return { items: row === undefined ? [] : [row], total: row === undefined ? 0 : 1, readAtMicros: nowMs() * 1000 };
  };

  return {
    list: async (kind, range, page) => {
      // A list has no filter for the thing itself.
      if (kind === 'partners' && range.kind !== 'everything') return await single(kind, range.partnerId);
      if (kind === 'tenants' && range.kind === 'tenant') return await single(kind, range.tenantId);
      const answer = await found(`${kind}/?${query(page, filterOf(range))}`);
      if (answer === undefined) throw scaiKeyAway(new Error('ScaiKey has no such list.'));
      return pageOf(answer, page);
    },
    find,
    members: async (groupId, page) => {
      const answer = await found(`groups/${encodeURIComponent(groupId)}/members?${query(page)}`);
      return answer === undefined ? undefined : pageOf(answer, page);
    },
  };
};

/** Where no client at ScaiKey is configured: nothing is ever asked. */
export const createNoScaiKeyLists = (): ScaiKeyLists => {
  const refuse = (): Promise<never> => Promise.reject(scaiKeyAway(new Error('No client at ScaiKey is configured.')));
  return { list: refuse, find: refuse, members: refuse };
};
