import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode, type OpenLog, openLog, recordOf } from './open-log.ts';

let opened: OpenLog;
beforeAll(async () => {
  opened = await openLog();
});
afterAll(() => opened[Symbol.asyncDispose]());

const utf8 = (text: string) => new TextEncoder().encode(text);
const now = BigInt(Date.now()) * 1000n;
const day = 86_400_000_000n;

const unfit: readonly [string, Uint8Array][] = [
  ['not an audit record', utf8('neither this nor that')],
  ['not an audit record', encode(recordOf()).slice(0, -1)],
  ['no id', new Uint8Array()],
  ['no id', encode(recordOf({ id: '' }))],
  ['no id', encode(recordOf({ id: 'log_\0' }))],
  ['no tenant', encode(recordOf({ tenantId: '' }))],
  ['no tenant', encode(recordOf({ tenantId: 'two words' }))],
  ['a time before 2000', encode(recordOf({ timestampMicros: 0n }))],
  ['a time before 2000', encode(recordOf({ timestampMicros: -(2n ** 63n) }))],
  ['a time to come', encode(recordOf({ timestampMicros: now + 3n * day }))],
  ['a time to come', encode(recordOf({ timestampMicros: 2n ** 63n - 1n }))],
  ['extra_data is no JSON object', encode(recordOf({ extraData: utf8('[1]') }))],
  ['extra_data is no JSON object', encode(recordOf({ extraData: utf8('{"a":') }))],
  ['extra_data is no JSON object', encode(recordOf({ extraData: utf8('{}\0') }))],
  ['extra_data is no JSON object', encode(recordOf({ extraData: utf8(`{"a":"${'x'.repeat(1_048_576)}"}`) }))],
];

describe('quarantine', () => {
  it('takes what no log can, raises the alarm, and lets the records beside it through', async () => {
    const fit = recordOf();
    expect(await opened.ingest([...unfit.map(([, bytes]) => bytes), encode(fit)])).toBe(1);
    expect(await opened.numbered()).toEqual([{ id: fit.id, seq: 1 }]);
    expect(opened.alarms.at(-1)).toEqual(unfit.map(([reason]) => reason));
    const kept = await opened.owner.sql<{ reason: string; record: Buffer }[]>`select reason, record from quarantine`;
    const byBytes = new Map(kept.map(({ reason, record }) => [record.toString('hex'), reason]));
    expect(byBytes).toEqual(new Map(unfit.map(([reason, bytes]) => [Buffer.from(bytes).toString('hex'), reason])));
  });

  it('keeps a record once, however often it comes', async () => {
    const bytes = utf8('the same again');
    await opened.ingest([bytes, bytes]);
    await opened.ingest([bytes]);
    expect(await opened.owner.sql`select reason from quarantine where record = ${bytes}`).toHaveLength(1);
  });

  it('is not for records with odd or endless texts: those are stored, cut to what the log takes', async () => {
    const long = 'ü'.repeat(5_000);
    const odd = recordOf({
      tenantId: 'tnt_odd',
      action: long,
      identityType: long,
      identityId: long,
      secretPath: `a\0${long}`,
      sourceIp: long,
      userAgent: `${'x'.repeat(511)}\u{1f600}`,
      errorCode: long,
      policyId: long,
      requestId: long,
      durationMs: -5,
    });
    expect(await opened.ingest([encode(odd)])).toBe(1);
    const [row] = await opened.owner.sql`
      select secret_path, length(user_agent) as agent, duration_ms, extra_data from log where id = ${odd.id}`;
    expect(row).toEqual({ secret_path: `a\ufffd${long.slice(0, 526)}`, agent: 512, duration_ms: 0, extra_data: '{}' });
  });

  it('is not for records of a clock that went wrong by years or a day', async () => {
    const times = [now - 4_000n * day, now + day];
    const jumped = times.map((timestampMicros) => recordOf({ tenantId: 'tnt_clock', timestampMicros }));
    expect(await opened.ingest(jumped.map(encode))).toBe(2);
  });
});
