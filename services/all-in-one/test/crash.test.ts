import { randomInt } from 'node:crypto';
import type { Answer, Shape, StartedVault, Vault } from '@scaivault/testkit/start-vault';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { allAuditRows, eventNumbers } from './audit-rows.ts';
import { type Deed, deedsFor, inLanes, perform } from './deeds.ts';
import { succeeded } from './grant.ts';
import { startUnlimited } from './unlimited-vault.ts';
import { until } from './until.ts';

// Vaults start in them, one on the data of the other.
vi.setConfig({ testTimeout: 90_000 });

/** Enough that many are under way wherever the kill falls, see `killAmid`. */
const operations = 1_000;

/** Writes a new secret once, however often it is called. */
const putOnce = (vault: Vault, path: string): Promise<Answer> => {
  const headers = { 'idempotency-key': path };
  return vault.request('PUT', `/v1/secrets/${path}`, { headers, body: { data: { value: `value of ${path}` } } });
};
const onceAs = (shape: Shape): readonly string[] => Array.from({ length: 400 }, (_, index) => `once/${shape}/${index}`);

/** A vault killed in the middle of these, and how; what it was not asked for any more is left out. */
interface Kill {
  readonly deeds: readonly Deed[];
  readonly once: readonly string[];
  readonly told: string;
}

/** Also which of its writes were there afterwards. */
interface Crash extends Kill {
  readonly present: ReadonlySet<Deed>;
}

/** Writes and reads at once until the vault is killed -9 in the middle of them, and of those to do once, at a random moment. */
const killAmid = async (vault: StartedVault, name: string, toDoOnce: readonly string[] = []): Promise<Kill> => {
  const deeds = deedsFor(name, operations);
  const keyed = new Map(
    toDoOnce.map((path, index) => [deeds[Math.floor((index * operations) / toDoOnce.length)], path]),
  );
  const killAfter = randomInt(150, 700);
  const asked: Deed[] = [];
  const once: string[] = [];
  let answered = 0;
  let killing: Promise<void> | undefined;
  await inLanes(deeds, async (deed) => {
    if (killing !== undefined) return;
    try {
      const path = keyed.get(deed);
      if (path !== undefined) {
        once.push(path);
        await putOnce(vault, path);
      }
      asked.push(deed);
      await perform(vault, deed);
    } catch (error) {
      if (killing === undefined) throw error;
    }
    if (deed.answer !== undefined) answered += 1;
    if (answered >= killAfter) killing ??= vault.kill();
  });
  await killing;
  return { deeds: asked, once, told: `killed after ${killAfter} answers` };
};

/** Every answered write is there; one without an answer is there whole or not at all. */
const findPresent = async (vault: Vault, token: string, { deeds, told }: Kill): Promise<Set<Deed>> => {
  const present = new Set<Deed>();
  await inLanes(
    deeds.filter(({ kind }) => kind === 'write'),
    async (deed) => {
      const { status, json } = await vault.request('GET', `/v1/secrets/${deed.path}`, { token });
      if (status === 200) present.add(deed);
      else if (deed.answer === undefined && status === 404) return;
      expect({ status, data: json.data }, `${told}: ${deed.path}`).toEqual({
        status: 200,
        data: { value: deed.value },
      });
    },
  );
  return present;
};

/** No answer and no change without its row; no row twice; none that claims what did not happen. */
const checkTrail = async (vault: Vault, crashes: readonly Crash[]): Promise<void> => {
  const recorded = crashes.flatMap(({ deeds, present }) =>
    deeds.filter((deed) => deed.answer !== undefined || present.has(deed)),
  );
  const { rows, rowsOf } = await until('a row of every answer and of every write that happened', async () => {
    const rows = await allAuditRows(vault);
    const rowsOf = Map.groupBy(rows, ({ extra_data }) => String(extra_data.client_request_id ?? ''));
    return recorded.every(({ clientId }) => rowsOf.has(clientId)) ? { rows, rowsOf } : undefined;
  });
  for (const { deeds, told, present } of crashes)
    for (const deed of deeds) {
      const { kind, path, answer } = deed;
      const [row, ...more] = rowsOf.get(deed.clientId) ?? [];
      expect(more, `${told}: ${path}`).toEqual([]);
      if (answer !== undefined) {
        const { status, requestId } = answer;
        expect({ path, status }, told).toEqual({ path, status: kind === 'write' ? 201 : 200 });
        expect(row, told).toMatchObject({ request_id: requestId, success: true, error_code: null });
      }
      if (row === undefined) continue;
      expect(row, told).toMatchObject({ action: kind, secret_path: path });
      if (row.success)
        expect(kind === 'read' || present.has(deed), `${told}: ${path} is said to be written`).toBe(true);
      else expect(row, told).toMatchObject({ error_code: 'unknown', extra_data: { outcome: 'unknown' } });
    }
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  const numbers = await eventNumbers(vault);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
};

/** The lives of one vault in one folder; the last of them runs. */
const lives: StartedVault[] = [];
const crashes: Crash[] = [];

afterAll(async () => {
  for (const vault of lives.toReversed()) await vault[Symbol.asyncDispose]();
});

const start = async (shape: Shape): Promise<StartedVault> => {
  const [first] = lives;
  const place = first === undefined ? {} : { dataDir: first.dataDir, ports: first.ports };
  const vault = await startUnlimited(shape, place);
  lives.push(vault);
  if (first === undefined)
    for (const { path, value } of deedsFor('', 100).filter(({ kind }) => kind === 'read'))
      succeeded(await vault.request('PUT', `/v1/secrets/${path}`, { body: { data: { value } } }));
  return vault;
};
const runningAs = async (shape: Shape): Promise<StartedVault> => {
  const vault = lives.at(-1) ?? (await start(shape));
  expect(vault.shape).toBe(shape);
  return vault;
};
/** The next life finds what the kill has left, and all that earlier ones have. */
const checkNextLife = async (vault: StartedVault, kill: Kill): Promise<void> => {
  // A token of the first life, which are all valid in the others.
  crashes.push({ ...kill, present: await findPresent(vault, lives[0]?.token ?? '', kill) });
  await checkTrail(vault, crashes);
};
const nameOfNext = (): string => `crash${crashes.length + 1}`;

const bothWays: readonly [shape: Shape, other: Shape][] = [
  ['all-in-one', 'services'],
  ['services', 'all-in-one'],
];

describe.each(bothWays)('a crash as %s', (shape, other) => {
  let lost: Kill;

  it('loses no answered write, no record of an answer, and leaves no claim of what did not happen', async () => {
    lost = await killAmid(await runningAs(shape), nameOfNext(), onceAs(shape));
    await checkNextLife(await start(shape), lost);
  });

  it('doubles no write with an Idempotency-Key that is sent again', async () => {
    const again = await runningAs(shape);
    const database = await again.openDatabase();
    // Instead of the minute after which the killed runs count as dead.
    await database`update secrets.idempotency set busy_until = now()`;
    const doubtful = await database`select 1 from secrets.idempotency where answer_ct is null`;
    await database.end();
    await inLanes(lost.once, async (path) => {
      const told = `${lost.told}, ${doubtful.length} in doubt: ${path}`;
      const answer = await putOnce(again, path);
      if (answer.status === 409) expect(answer.json.error.details, told).toEqual({ reason: 'answer_lost' });
      else expect(answer.status, told).toBe(201);
      // A second write would have made a second version.
      expect((await again.request('GET', `/v1/secrets/${path}`)).json, told).toMatchObject({
        version: 1,
        data: { value: `value of ${path}` },
      });
    });
  });

  it(`leaves data that opens as ${other}, after an orderly stop`, async () => {
    expect((await (await runningAs(shape)).stop()).code).toBe(0);
    const vault = await start(other);
    for (const crash of crashes)
      expect(await findPresent(vault, lives[0]?.token ?? '', crash), crash.told).toEqual(crash.present);
    await checkTrail(vault, crashes);
  });
});

it.each(bothWays)('a crash as %s leaves data that opens as %s', async (shape, other) => {
  const kill = await killAmid(await runningAs(shape), nameOfNext());
  await checkNextLife(await start(other), kill);
});

it('a vault of many crashes stops in order', async () => {
  expect((await lives.at(-1)?.stop())?.code).toBe(0);
});
