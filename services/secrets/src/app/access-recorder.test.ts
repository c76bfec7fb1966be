import { VaultError } from '@scaivault/errors';
import { type PartnerId, parseSecretPath, partnerScope, type TenantId, tenantScope } from '@scaivault/tenancy';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AccessRecorder, createAccessRecorder } from './access-recorder.ts';

const partner = 'ptn_x' as PartnerId;
const tenantA = tenantScope('tnt_a' as TenantId, partner);
const tenantB = tenantScope('tnt_b' as TenantId, partner);

const minute = 60_000_000;
const start = 1000 * minute;

interface Batch {
  readonly scopeId: string;
  readonly accessed: readonly { readonly path: string; readonly atMicros: number }[];
}

let now: number;
let saved: Batch[];
let failures: unknown[];
/** What the store does before it takes a batch. */
let before: () => Promise<void>;
let recorder: AccessRecorder;

beforeEach(() => {
  now = start;
  saved = [];
  failures = [];
  before = () => Promise.resolve();
  recorder = createAccessRecorder({
    times: {
      save: async (scopeId, accessed) => {
        await before();
        saved.push({ scopeId, accessed: accessed.map(({ path, atMicros }) => ({ path, atMicros })) });
      },
    },
    clock: () => now,
    onFailure: (error) => failures.push(error),
  });
});

const note = (path: string, scope = tenantA): void => recorder.note(scope, parseSecretPath(path));
const noteMany = (count: number, prefix = 'many'): void => {
  for (let i = 0; i < count; i += 1) note(`${prefix}/${i}`);
};
const savedCount = (): number => saved.reduce((sum, { accessed }) => sum + accessed.length, 0);
const unavailable = () => new VaultError('service_unavailable', 'away');
/** Lets everything run that waits for nothing outside. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('times of access', () => {
  it('are written to the minute, once however often the secret was read', async () => {
    for (now = start; now < start + minute; now += minute / 10) note('a');
    await recorder.flush();
    expect(saved).toEqual([{ scopeId: 't:tnt_a', accessed: [{ path: 'a', atMicros: start }] }]);
  });

  it('are the latest ones', async () => {
    note('a');
    now += 3 * minute + 1;
    note('a');
    await recorder.flush();
    expect(saved).toEqual([{ scopeId: 't:tnt_a', accessed: [{ path: 'a', atMicros: start + 3 * minute }] }]);
  });

  it('are written once and not again', async () => {
    note('a');
    await recorder.flush();
    await recorder.flush();
    expect(savedCount()).toBe(1);
  });

  it('go to each scope by itself', async () => {
    note('a');
    note('a', tenantB);
    note('b');
    note('a', partnerScope(partner));
    await recorder.flush();
    expect(saved.map(({ scopeId, accessed }) => [scopeId, accessed.map(({ path }) => path)])).toEqual([
      ['t:tnt_a', ['a', 'b']],
      ['t:tnt_b', ['a']],
      ['p:ptn_x', ['a']],
    ]);
  });

  it('are written in batches of at most 500', async () => {
    noteMany(1200);
    await recorder.flush();
    expect(saved.map(({ accessed }) => accessed.length)).toEqual([500, 500, 200]);
  });
});

describe('a flush', () => {
  it('that fails keeps what it could not write, and the newer time of it', async () => {
    note('kept');
    note('newer');
    before = () => Promise.reject(unavailable());
    await recorder.flush();
    expect(failures).toHaveLength(1);
    now += minute;
    note('newer');
    before = () => Promise.resolve();
    await recorder.flush();
    expect(saved[0]?.accessed).toEqual([
      { path: 'kept', atMicros: start },
      { path: 'newer', atMicros: start + minute },
    ]);
  });

  it('does not ask a store that is away for each scope anew, but goes on past one refusal', async () => {
    note('a');
    note('a', tenantB);
    before = () => Promise.reject(unavailable());
    await recorder.flush();
    expect(failures).toHaveLength(1);
    let refusals = 1;
    before = () => (refusals-- > 0 ? Promise.reject(new Error('of this batch alone')) : Promise.resolve());
    await recorder.flush();
    expect(failures).toHaveLength(2);
    expect(saved.map(({ scopeId }) => scopeId)).toEqual(['t:tnt_b']);
  });

  it('does not forget a read that came while it was writing', async () => {
    note('a');
    before = async () => {
      now += minute;
      note('a');
      note('b');
      before = () => Promise.resolve();
    };
    await recorder.flush();
    await recorder.flush();
    expect(saved.map(({ accessed }) => accessed)).toEqual([
      [{ path: 'a', atMicros: start }],
      [
        { path: 'a', atMicros: start + minute },
        { path: 'b', atMicros: start + minute },
      ],
    ]);
  });

  it('that is asked for during another one also writes what was noted since', async () => {
    const gate = Promise.withResolvers<void>();
    before = () => gate.promise;
    note('a');
    const first = recorder.flush();
    await settle();
    note('b');
    const second = recorder.flush();
    gate.resolve();
    await Promise.all([first, second]);
    expect(saved.flatMap(({ accessed }) => accessed.map(({ path }) => path))).toEqual(['a', 'b']);
  });
});

describe('the memory of a process', () => {
  it('is emptied early when it is half full', async () => {
    noteMany(4_999);
    await settle();
    expect(savedCount()).toBe(0);
    note('one-more');
    await settle();
    expect(savedCount()).toBe(5_000);
  });

  it('holds 10,000 secrets and no more while nothing can be written; reads go on', async () => {
    before = () => Promise.reject(unavailable());
    noteMany(12_000);
    await settle();
    expect(failures).toHaveLength(1);
    now += minute;
    note('many/0');
    before = () => Promise.resolve();
    await recorder.flush();
    expect(savedCount()).toBe(10_000);
    const times = saved.flatMap(({ accessed }) => accessed).filter(({ path }) => path === 'many/0');
    expect(times).toEqual([{ path: 'many/0', atMicros: start + minute }]);
    note('room-again');
    await recorder.flush();
    expect(savedCount()).toBe(10_001);
  });
});
