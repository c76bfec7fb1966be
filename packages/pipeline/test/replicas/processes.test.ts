import { once } from 'node:events';
import { revisionsFixture } from '@scaivault/db/revisions-fixture';
import { createTestDatabase, type TestDatabase } from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StartedProcess, startProcess } from './start-process.ts';
import { type Change, type Decision, leaseMs, nowMicros, post } from './wire.ts';

const keys = Array.from({ length: 20 }, (_, i) => `t:${i}`);
const changesInAll = 1_000;
/** A machine that is busy with other things makes fewer. */
const longestMs = 25_000;
const answersWithinMs = 10_000;

interface Owner extends StartedProcess {
  readonly port: number;
}
interface Answered {
  readonly key: string;
  readonly version: number;
  readonly sentAt: number;
  readonly answeredAt: number;
}

let database: TestDatabase;
let owners: Owner[];
let followers: StartedProcess[];
let answered: Answered[] = [];
const decisions: Decision[] = [];

const startOwner = async (): Promise<Owner> => {
  const started = startProcess('owner-child.ts', [database.url]);
  const [{ port }] = (await once(started.child, 'message')) as [{ port: number }];
  return { ...started, port };
};
const tellPorts = (): void => {
  for (const follower of followers) follower.tell({ ports: owners.map(({ port }) => port) });
};

beforeAll(async () => {
  database = await createTestDatabase({ migrations: [revisionsFixture] });
  owners = await Promise.all([startOwner(), startOwner()]);
  followers = [1, 2, 3].map(() => startProcess('follower-child.ts', keys));
  tellPorts();
  await Promise.all(followers.map((follower) => follower.ask({ begin: true })));
});
afterAll(async () => {
  for (const process of [...followers, ...owners]) await process[Symbol.asyncDispose]();
  await database.drop();
});

/** Changes a rule through some process of the owner; undefined when that one gave no answer. */
const change = async (key: string, owner = Math.floor(Math.random() * 2)): Promise<Answered | undefined> => {
  const sentAt = nowMicros();
  const body: Change = { key };
  const answer = await post(owners[owner]?.port ?? 0, '/change', body, answersWithinMs).catch(() => undefined);
  if (answer === undefined) return undefined;
  const one = { key, version: (answer as { version: number }).version, sentAt, answeredAt: nowMicros() };
  answered.push(one);
  return one;
};
const took = ({ sentAt, answeredAt }: Answered): number => (answeredAt - sentAt) / 1_000;

/** What a follower has decided since it was last asked. */
const collect = async (follower: StartedProcess): Promise<{ decisions: Decision[]; fetches: number }> => {
  const report = (await follower.ask({})) as { decisions: Decision[]; fetches: number };
  decisions.push(...report.decisions);
  return report;
};
const collectAll = () => Promise.all(followers.map(collect));

/** Decisions that began after the answer to a change and yet went by what was before it. */
const findViolations = (): string[] => {
  const byKey = Map.groupBy(
    answered.toSorted((a, b) => a.answeredAt - b.answeredAt),
    ({ key }) => key,
  );
  return decisions.flatMap(({ key, version, startedAt }) => {
    if (version === null) return [];
    const before = (byKey.get(key) ?? []).filter(({ answeredAt }) => answeredAt < startedAt);
    const inForce = Math.max(0, ...before.map((one) => one.version));
    return version < inForce ? [`${key} by version ${version} after ${inForce} was in force`] : [];
  });
};

/** Keys changed by several at once, each key by one only, so that versions rise in the order of their answers. */
const changeAll = async (count: number): Promise<void> => {
  const changers = 4;
  const deadline = performance.now() + longestMs;
  const changer = async (which: number): Promise<void> => {
    const own = keys.filter((_, index) => index % changers === which);
    for (let i = 0; i < count / changers && performance.now() < deadline; i++) await change(own[i % own.length] ?? '');
  };
  await Promise.all(Array.from({ length: changers }, (_, which) => changer(which)));
};

const percentile = (values: number[], share: number): number =>
  Math.round((values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN) * 10) / 10;

describe('two processes of an owner and three that serve', () => {
  it('decide by no rule whose change was answered, over a thousand changes', async ({ annotate }) => {
    answered = [];
    const startedAt = nowMicros();
    await changeAll(changesInAll);
    const seconds = (nowMicros() - startedAt) / 1e6;
    await collectAll();
    const times = answered.map(took);
    const refused = decisions.filter(({ version }) => version === null).length;
    await annotate(
      `${answered.length} changes: median ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms; ` +
        `${Math.round(decisions.length / seconds)} decisions a second, ${refused} of ${decisions.length} refused`,
    );
    expect(findViolations()).toEqual([]);
    expect(answered.length).toBeGreaterThan(changesInAll / 10);
    expect(decisions.length).toBeGreaterThan(1_000);
    // Everything that was changed was also seen to be changed: this is no test of processes that always refuse.
    expect(refused).toBeLessThan(decisions.length / 2);
  }, 60_000);

  it('wait for one that stands still no longer than its lease, and it decides nothing when it goes on', async ({
    annotate,
  }) => {
    const [stopped] = followers;
    if (stopped === undefined) throw new Error('There is no follower.');
    await collect(stopped);
    stopped.child.kill('SIGSTOP');
    const first = await change('t:3');
    const second = await change('t:4');
    await vi.waitFor(() => expect(nowMicros()).toBeGreaterThan((first?.sentAt ?? 0) + 1.2e3 * leaseMs), 5_000);
    const goesOnAt = nowMicros();
    stopped.child.kill('SIGCONT');
    if (first === undefined || second === undefined) throw new Error('A change was not answered.');
    await annotate(`one stopped: ${Math.round(took(first))} ms, the next change ${Math.round(took(second))} ms`);
    expect(took(first)).toBeLessThan(leaseMs + 1_000);
    const late: Decision[] = [];
    await vi.waitFor(
      async () => {
        late.push(...(await collect(stopped)).decisions.filter((decision) => decision.startedAt > goesOnAt));
        expect(late.some(({ version }) => version !== null)).toBe(true);
      },
      { timeout: 5_000, interval: 20 },
    );
    expect(late[0]?.version).toBeNull();
    await collectAll();
    expect(findViolations()).toEqual([]);
  }, 30_000);

  it('lose nothing when an owner dies between its commit and its news', async () => {
    const [dying] = owners;
    const startedAt = nowMicros();
    await post(dying?.port ?? 0, '/change', { key: 't:7', thenDie: true } satisfies Change, 5_000).catch(() => {});
    const rows = (await post(owners[1]?.port ?? 0, '/read', 't:7', 5_000)) as { version: number };
    const seen = new Set<number>();
    await vi.waitFor(
      async () => {
        for (const [index, { decisions: recent }] of (await collectAll()).entries()) {
          if (recent.some(({ key, version }) => key === 't:7' && version === rows.version)) seen.add(index);
        }
        expect(seen.size).toBe(3);
      },
      { timeout: 10_000, interval: 50 },
    );
    expect(nowMicros() - startedAt).toBeLessThan(10e6);
    expect(findViolations()).toEqual([]);
  }, 30_000);

  it('fetch nothing anew when an owner is killed and another takes its place', async () => {
    owners[0] = await startOwner();
    tellPorts();
    await vi.waitFor(
      async () => {
        const reports = await collectAll();
        const complete = reports.every(({ decisions: recent }) => recent.every(({ version }) => version !== null));
        expect(complete).toBe(true);
      },
      { timeout: 10_000, interval: 300 },
    );
    const before = (await collectAll()).map(({ fetches }) => fetches);
    owners[0]?.child.kill('SIGKILL');
    const alone = owners[1];
    if (alone === undefined) throw new Error('There is no second owner.');
    owners = [alone, alone];
    tellPorts();
    const one = await change('t:9', 1);
    expect(one).toBeDefined();
    await vi.waitFor(
      async () => {
        await collectAll();
        const recent = decisions.filter(({ key, startedAt }) => key === 't:9' && startedAt > (one?.answeredAt ?? 0));
        expect(recent.filter(({ version }) => version === one?.version).length).toBeGreaterThan(5);
      },
      { timeout: 10_000, interval: 50 },
    );
    const after = (await collectAll()).map(({ fetches }) => fetches);
    // One rule has changed, so each fetches one; twenty would be a stampede.
    for (const [index, count] of after.entries()) expect(count - (before[index] ?? 0)).toBeLessThanOrEqual(2);
    expect(findViolations()).toEqual([]);
  }, 30_000);

  it('go on while owners and followers are killed and stopped', async () => {
    owners = [owners[1] as Owner, await startOwner()];
    tellPorts();
    let done = false;
    const disturb = async (): Promise<void> => {
      for (let round = 0; !done; round++) {
        const follower = followers[round % 3];
        follower?.child.kill('SIGSTOP');
        await new Promise((resolve) => setTimeout(resolve, round % 2 === 0 ? 1.5 * leaseMs : 0.3 * leaseMs));
        follower?.child.kill('SIGCONT');
        owners[1]?.child.kill('SIGKILL');
        owners[1] = await startOwner();
        tellPorts();
      }
    };
    const work = changeAll(100).finally(() => {
      done = true;
    });
    const before = answered.length;
    await Promise.all([work, disturb()]);
    await collectAll();
    expect(findViolations()).toEqual([]);
    expect(answered.length - before).toBeGreaterThan(20);
  }, 60_000);
});
