import { randomBytes } from 'node:crypto';
import type { AuditRecord } from '@scaivault/contracts';
import { createCursorCodec, parsePathPrefix } from '@scaivault/tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLogs, type LogQuery } from '../src/app/query-logs.ts';
import { createReadPage } from '../src/app/read-page.ts';
import { callerOf, encode, type OpenLog, openLog, recordOf } from './open-log.ts';

const plain: LogQuery = {
  window: {},
  actions: [],
  identityId: undefined,
  identityType: undefined,
  prefix: undefined,
  success: undefined,
  sourceIp: undefined,
  requestId: undefined,
  order: 'desc',
  limit: undefined,
  cursor: undefined,
};

let opened: OpenLog;
let nowMicros = Date.now() * 1000;
beforeAll(async () => {
  opened = await openLog();
});
afterAll(() => opened[Symbol.asyncDispose]());

const cursors = createCursorCodec({ key: randomBytes(32), nowMs: () => Date.now() });
const ask = async (query: Partial<LogQuery>, tenantId = 'tnt_a') => {
  const readPage = createReadPage({ log: opened.log, cursors, nowMicros: () => nowMicros });
  return await createQueryLogs({ readPage })(callerOf(tenantId), { ...plain, ...query });
};
const idsOf = async (query: Partial<LogQuery>, tenantId?: string) =>
  (await ask(query, tenantId)).logs.map(({ id }) => id);

/** Stores records a second apart, the last one a second ago; answers their ids. */
const put = async (tenantId: string, ...records: Partial<AuditRecord>[]): Promise<readonly string[]> => {
  const made = records.map((record, index) =>
    recordOf({ tenantId, timestampMicros: BigInt(nowMicros - (records.length - index) * 1_000_000), ...record }),
  );
  await opened.ingest(made.map(encode));
  return made.map(({ id }) => id);
};

describe('filters', () => {
  const records: readonly Partial<AuditRecord>[] = [
    { action: 'write', identityType: 'user', identityId: 'user:a@x.example', secretPath: 'app', requestId: 'req_0' },
    { action: 'read', secretPath: 'app/db', sourceIp: '::ffff:198.51.100.7' },
    { action: 'read', secretPath: 'app-x/db', success: false, errorCode: 'permission_denied' },
    { action: 'rotate', identityType: 'system', identityId: 'system:rotation-scheduler', secretPath: 'apple' },
    { action: 'list', secretPath: 'app/', sourceIp: '2001:DB8:0:0::1' },
    { action: 'audit_read', identityType: 'user', identityId: 'user:b@x.example', secretPath: 'other' },
  ];
  let ids: readonly string[];
  beforeAll(async () => {
    ids = await put('tnt_filter', ...records);
    await put('tnt_other', ...records);
  });

  const prefix = (text: string) => ({ prefix: parsePathPrefix(text) });
  it.each<[string, Partial<LogQuery>, readonly number[]]>([
    ['none', {}, [5, 4, 3, 2, 1, 0]],
    ['the oldest first', { order: 'asc' }, [0, 1, 2, 3, 4, 5]],
    ['one action', { actions: ['read'] }, [2, 1]],
    ['several actions, named twice or unknown', { actions: ['rotate', 'read', 'read', 'nothing'] }, [3, 2, 1]],
    ['several actions, the oldest first', { actions: ['rotate', 'read'], order: 'asc' }, [1, 2, 3]],
    ['an identity', { identityId: 'user:a@x.example' }, [0]],
    ['part of an identity', { identityId: 'user:a' }, []],
    ['an identity type', { identityType: 'user' }, [5, 0]],
    ['success', { success: true }, [5, 4, 3, 1, 0]],
    ['failure', { success: false }, [2]],
    ['a prefix: itself and whole segments below', prefix('app'), [4, 1, 0]],
    ['a prefix with a slash: only below', prefix('app/'), [4, 1]],
    ['a prefix with two segments', prefix('app/db'), [1]],
    ['an address, however it is spelled', { sourceIp: '::FFFF:198.51.100.7' }, [1]],
    ['an address of version 6', { sourceIp: '2001:db8::1' }, [4]],
    ['a request', { requestId: 'req_0' }, [0]],
    ['several at once', { actions: ['read', 'list'], success: true, ...prefix('app') }, [4, 1]],
  ])('%s', async (_name, query, expected) => {
    expect(await idsOf(query, 'tnt_filter')).toEqual(expected.map((index) => ids[index]));
  });
});

describe('the window', () => {
  const day = 86_400_000_000;
  it('is the last seven days unless told otherwise, from inclusive and to exclusive', async () => {
    const times = [8 * day, 7 * day, 7 * day - 1, 1, 0, -1];
    const ids = await put('tnt_window', ...times.map((ago) => ({ timestampMicros: BigInt(nowMicros - ago) })));
    const at = (...indexes: number[]) => indexes.map((index) => ids[index]);
    expect(await idsOf({}, 'tnt_window')).toEqual(at(3, 2, 1));
    expect(await idsOf({ window: { toMicros: nowMicros - 1 } }, 'tnt_window')).toEqual(at(2, 1));
    expect(await idsOf({ window: { fromMicros: nowMicros - 1 } }, 'tnt_window')).toEqual(at(3));
    const all = { fromMicros: 0, toMicros: nowMicros + 2 };
    expect(await idsOf({ window: all }, 'tnt_window')).toEqual(at(5, 4, 3, 2, 1, 0));
  });

  it('holds nothing when from is to, and is refused when from is later', async () => {
    expect(await idsOf({ window: { fromMicros: nowMicros, toMicros: nowMicros } })).toEqual([]);
    await expect(ask({ window: { fromMicros: nowMicros + 1, toMicros: nowMicros } })).rejects.toMatchObject({
      code: 'validation_error',
      details: { fields: [{ field: 'from', rule: 'conflict' }] },
    });
    await expect(ask({ window: { fromMicros: nowMicros + 1 } })).rejects.toMatchObject({ code: 'validation_error' });
  });

  it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z'])('takes %s', async (text) => {
    const micros = Date.parse(text) * 1000;
    expect(await idsOf({ window: { fromMicros: micros, toMicros: micros } })).toEqual([]);
  });
});

describe('paging', () => {
  const readAll = async (query: Partial<LogQuery>, tenantId: string, between: () => Promise<unknown>) => {
    const ids: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages < 50; pages += 1) {
      const answer = await ask({ ...query, cursor }, tenantId);
      ids.push(...answer.logs.map(({ id }) => id));
      cursor = answer.cursor;
      if (cursor === undefined) return ids;
      await between();
    }
    throw new Error('The list does not end.');
  };

  it.each([
    ['desc' as const, []],
    ['asc' as const, []],
    ['desc' as const, ['read', 'write']],
  ])('%s shows each row once while rows arrive and time goes on', async (order, actions) => {
    const tenantId = `tnt_page_${order}_${actions.length}`;
    const sameTime = BigInt(nowMicros - 60_000_000);
    const ids = [
      ...(await put(tenantId, ...Array.from({ length: 10 }, () => ({ timestampMicros: sameTime })))),
      ...(await put(tenantId, ...Array.from({ length: 15 }, () => ({ action: 'write' })))),
    ];
    const before = nowMicros;
    const seen = await readAll({ order, actions, limit: 4 }, tenantId, async () => {
      nowMicros += 1_000_000;
      await put(tenantId, { timestampMicros: BigInt(nowMicros - 1) });
    });
    nowMicros = before;
    expect(seen).toEqual(order === 'asc' ? ids : ids.toReversed());
  });

  it('ends without a cursor when the last page is exactly full', async () => {
    await put('tnt_full', {}, {}, {}, {});
    const first = await ask({ limit: 2 }, 'tnt_full');
    expect(first.cursor).toBeDefined();
    expect(await ask({ limit: 2, cursor: first.cursor }, 'tnt_full')).toMatchObject({ cursor: undefined });
  });

  it('takes another limit, and refuses the cursor with other filters, another order and in another tenant', async () => {
    await put('tnt_bound', {}, {}, {}, {});
    const { cursor } = await ask({ limit: 1 }, 'tnt_bound');
    expect((await ask({ limit: 3, cursor }, 'tnt_bound')).logs).toHaveLength(3);
    const others: readonly [Partial<LogQuery>, string][] = [
      [{ order: 'asc' }, 'tnt_bound'],
      [{ actions: ['read'] }, 'tnt_bound'],
      [{ success: true }, 'tnt_bound'],
      [{ prefix: parsePathPrefix('app') }, 'tnt_bound'],
      [{ window: { toMicros: nowMicros } }, 'tnt_bound'],
      [{}, 'tnt_filter'],
    ];
    for (const [query, tenantId] of others) {
      await expect(ask({ ...query, limit: 1, cursor }, tenantId)).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
  });
});
