import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createClientToken } from '../src/adapters/client-token.ts';
import { createScaiKeyLists } from '../src/adapters/scaikey-lists.ts';

const everything = { kind: 'everything' } as const;

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let tokensGiven: number;
let nowMs: number;

const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

beforeEach(async () => {
  tokensGiven = 0;
  nowMs = Date.parse('2026-05-01T12:00:00Z');
  server = createServer((request, response) => {
    if (request.url !== '/token') return answer(request, response);
    tokensGiven += 1;
    json(response, { access_token: `token${tokensGiven}`, expires_in: 3600 });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const lists = () => {
  const clientSecret = { reveal: () => 'p:w+d' } as never;
  const client = { clientId: 'our client', clientSecret, url, tokenUrl: `${url}/token` };
  return createScaiKeyLists({ url, token: createClientToken(client, () => nowMs), nowMs: () => nowMs });
};
const page = { items: [{ id: 'usr_1' }], total: 1, page: 1, per_page: 200 };

it('asks for pages of a range with its token, and tells when the answer was made', async () => {
  const asked: (string | undefined)[] = [];
  answer = (request, response) => {
    asked.push(request.url, request.headers.authorization);
    response.setHeader('date', 'Fri, 01 May 2026 11:59:58 GMT');
    json(response, { ...page, page: 3 });
  };
  const found = await lists().list('users', { kind: 'partner', partnerId: 'ptn&x' as never }, 3);
  expect(asked).toEqual(['/api/v1/admin/users/?partner_id=ptn%26x&page=3&per_page=200', 'Bearer token1']);
  expect(found).toEqual({
    items: [{ id: 'usr_1' }],
    total: 1,
    readAtMicros: Date.parse('2026-05-01T11:59:58Z') * 1000,
  });
});

it('keeps its token until shortly before the end, and replaces a refused one once', async () => {
  let refusals = 0;
  answer = (_request, response) => {
    if (refusals === 0) return json(response, page);
    refusals -= 1;
    json(response, {}, 401);
  };
  const reader = lists();
  await reader.list('users', everything, 1);
  await reader.list('users', everything, 1);
  expect(tokensGiven).toBe(1);
  nowMs += 3_541_000;
  await reader.list('users', everything, 1);
  expect(tokensGiven).toBe(2);
  refusals = 1;
  await reader.list('users', everything, 1);
  expect(tokensGiven).toBe(3);
  refusals = 2;
  await expect(reader.list('users', everything, 1)).rejects.toMatchObject({ code: 'service_unavailable' });
});

it('knows absence from failure', async () => {
  answer = (_request, response) => json(response, {}, 404);
  expect(await lists().find('users', 'usr_1')).toBeUndefined();
  expect(await lists().members('grp_1', 1)).toBeUndefined();
  await expect(lists().list('users', everything, 1)).rejects.toMatchObject({ code: 'service_unavailable' });
  for (const status of [403, 429, 500, 503]) {
    answer = (_request, response) => json(response, {}, status);
    await expect(lists().find('users', 'usr_1')).rejects.toMatchObject({ code: 'service_unavailable' });
  }
});

const unusable: [string, unknown][] = [
  ['no items', { total: 1 }],
  ['items that are no rows', { ...page, items: ['usr_1'] }],
  ['no total', { ...page, total: undefined }],
  ['a total below nothing', { ...page, total: -1 }],
  ['another page', { ...page, page: 2 }],
  ['more rows than asked for', { ...page, items: Array.from({ length: 201 }, () => ({})), total: 201 }],
  ['a list', [page]],
  ['too much', { ...page, padding: 'x'.repeat(9 * 1_048_576) }],
];

it.each(unusable)('does not believe an answer with %s', async (_what, body) => {
  answer = (_request, response) => json(response, body);
  await expect(lists().list('users', everything, 1)).rejects.toMatchObject({ code: 'service_unavailable' });
});

it('does not follow to another address, and does not wait for a connection that is cut', async () => {
  answer = (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  await expect(lists().list('users', everything, 1)).rejects.toMatchObject({ code: 'service_unavailable' });
  answer = (request) => request.socket.destroy();
  await expect(lists().list('users', everything, 1)).rejects.toMatchObject({ code: 'service_unavailable' });
});
