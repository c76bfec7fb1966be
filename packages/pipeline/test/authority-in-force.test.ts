import type { RevisionLog } from '@scaivault/db';
import { isVaultError } from '@scaivault/errors';
import type { ScopeId } from '@scaivault/tenancy';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryRevisionLog } from '../src/replica/memory-revision-log.ts';
import { createReplica } from '../src/replica/replica.ts';
import { createRevisionFeed, type FollowRequest, type RevisionFeed } from '../src/replica/revision-feed.ts';

const leaseMs = 1_000;
const rpcTimeoutMs = 2_000;
const scopes = ['t:a', 't:b', 'p:x'] as const;
/** What is cached under each key hangs on two scopes, like the policies of a tenant and of its partner. */
const keys = ['t:a p:x', 't:b p:x'] as const;

type Scope = (typeof scopes)[number];
type Step =
  | { readonly kind: 'change'; readonly scope: Scope; readonly owner: number }
  | { readonly kind: 'read'; readonly replica: number; readonly key: string }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'cut' | 'heal' | 'leave'; readonly replica: number }
  | { readonly kind: 'restart'; readonly owner: number };

/** The last one caches something else than the others, and heeds nothing but that. */
const replicaIndex = fc.nat(2);
const keysOf = (replica: number): readonly string[] => (replica === 2 ? ['p:x'] : keys);
const owner = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('change' as const), scope: fc.constantFrom(...scopes), owner }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      replica: replicaIndex,
      key: fc.constantFrom(...keys),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(400) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'heal' as const), replica: replicaIndex }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), replica: replicaIndex }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), owner }) },
);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const never = new Promise<never>(() => {});
const within = <Value>(ms: number, work: Promise<Value>): Promise<Value> =>
  Promise.race([work, sleep(ms).then(() => Promise.reject(new Error('no answer in time')))]);

type Versions = Readonly<Record<Scope, number>>;

/** Two processes of an owner on one log, and three replicas, on a network that delays, reorders and drops; time is ours. */
const createWorld = (seed: number) => {
  let state = seed;
  /** Most answers come soon; one in eight is late. */
  const delay = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const random = state >>> 8;
    return random % 8 === 0 ? random % 700 : random % 20;
  };
  const committed: Record<Scope, number> = { 't:a': 0, 't:b': 0, 'p:x': 0 };
  const inForce: Record<Scope, number> = { ...committed };
  const cut = new Set<number>();
  const violations: string[] = [];
  let answered = 0;
  const log = createMemoryRevisionLog();
  const lives = [0, 0];

  /** The log as a process of the owner reaches it: each call takes effect at once, some time after it was made. */
  const slowly =
    <Args extends unknown[], Value>(call: (...args: Args) => Promise<Value>) =>
    async (...args: Args): Promise<Value> => {
      await sleep(delay() / 4);
      const value = await call(...args);
      await sleep(delay() / 4);
      return value;
    };
  /** One statement: whom the log knows gets news of the statement's beginning, a newcomer those after its commit. */
  const noteAs =
    (note: RevisionLog['renew']): RevisionLog['renew'] =>
    async (follower, most) => {
      await sleep(delay() / 4);
      const atBeginning = await log.newsSince(follower, most);
      await sleep(delay() / 4);
      const isKnown = (await log.followers()).some(({ id }) => id === follower.id);
      const atCommit = await note(follower, most);
      await sleep(delay() / 4);
      return isKnown ? atBeginning : atCommit;
    };
  const openOwner = (): RevisionFeed => {
    const reached: RevisionLog = {
      ...log,
      note: () => Promise.resolve(),
      renew: noteAs(log.renew),
      confirm: noteAs(log.confirm),
      newsSince: slowly(log.newsSince),
      findLate: slowly(log.findLate),
      followers: slowly(log.followers),
      forget: slowly(log.forget),
    };
    return createRevisionFeed({ leaseMs, log: reached });
  };
  const owners = [openOwner(), openOwner()];

  const overNetwork = async <Value>(replica: number, index: number, work: () => Promise<Value>): Promise<Value> => {
    await sleep(delay());
    if (cut.has(replica)) return await never;
    const bornIn = lives[index];
    const value = await work();
    await sleep(delay());
    return cut.has(replica) || lives[index] !== bornIn ? await never : value;
  };
  const follow = (replica: number, request: FollowRequest) => {
    const index = delay() % 2;
    return overNetwork(replica, index, async () => await (owners[index]?.follow(request) ?? never));
  };
  const open = (index: number, heeds = '') =>
    createReplica<{ readonly versions: Versions }>({
      name: 'access policies',
      max: 2,
      maxStalenessMs: leaseMs,
      onFailure: () => {},
      heeds,
      scopesOf: (key) => key.split(' ') as unknown as ScopeId[],
      fetch: () =>
        within(
          rpcTimeoutMs,
          overNetwork(index, delay() % 2, async () => ({ versions: { ...committed } })),
        ),
      follow: (request, timeoutMs) => within(timeoutMs, follow(index, request)),
    });
  const heedsOf = (index: number): string => (index === 2 ? 'p:' : '');
  const replicas = [0, 1, 2].map((index) => open(index, heedsOf(index)));

  const read = async (index: number, key: string): Promise<boolean> => {
    try {
      const value = await replicas[index]?.get(key);
      // Nothing that is in force at the moment of the decision may be missing, however long the value was on its way.
      for (const scope of key.split(' ') as Scope[]) {
        if ((value?.versions[scope] ?? -1) < inForce[scope]) violations.push(`replica ${index} read an old ${scope}`);
      }
      answered += 1;
      return true;
    } catch (error) {
      if (!isVaultError(error, 'service_unavailable') && (error as Error).message !== 'no answer in time') throw error;
      return false;
    }
  };
  const change = async (scope: Scope, index: number): Promise<void> => {
    const bornIn = lives[index];
    // One transaction: the change and its number.
    committed[scope] += 1;
    const version = committed[scope];
    await log.note([scope]);
    await owners[index]?.publish([scope as string as ScopeId]);
    // A killed owner answers nobody.
    if (lives[index] === bornIn) inForce[scope] = Math.max(inForce[scope], version);
  };
  /** A process stops in order, with reads of it under way, and a new one takes its place. */
  const leave = (index: number): void => {
    void replicas[index]?.stop();
    const next = open(index, heedsOf(index));
    replicas[index] = next;
    void next.start().catch(() => {});
  };
  const run = (next: Step): void => {
    if (next.kind === 'change') void change(next.scope, next.owner);
    else if (next.kind === 'read') void read(next.replica, next.replica === 2 ? 'p:x' : next.key);
    else if (next.kind === 'cut') cut.add(next.replica);
    else if (next.kind === 'heal') cut.delete(next.replica);
    else if (next.kind === 'leave') leave(next.replica);
    else if (next.kind === 'restart') {
      lives[next.owner] = (lives[next.owner] ?? 0) + 1;
      owners[next.owner] = openOwner();
    }
  };
  return { replicas, violations, run, read, change, inForce, committed, cut, answered: () => answered };
};

describe('authority that is cached in several processes', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('binds every request that begins after the answer to a change, whatever the network and the owner do', async () => {
    let answered = 0;
    const property = fc.asyncProperty(
      fc.nat(),
      fc.array(step, { minLength: 20, maxLength: 60 }),
      async (seed, steps) => {
        const world = createWorld(seed);
        for (const replica of world.replicas) void replica.start().catch(() => {});
        await vi.advanceTimersByTimeAsync(300);
        for (const next of steps) {
          world.run(next);
          await vi.advanceTimersByTimeAsync(next.kind === 'wait' ? next.ms : 1);
        }
        expect(world.violations).toEqual([]);

        // And when the network is well again, everybody decides again, by the newest.
        world.cut.clear();
        await vi.advanceTimersByTimeAsync(3 * leaseMs);
        Object.assign(world.inForce, world.committed);
        const waiting = new Set(world.replicas.flatMap((_, index) => keysOf(index).map((key) => `${index}${key}`)));
        for (let attempt = 0; attempt < 50 && waiting.size > 0; attempt++) {
          for (const name of waiting)
            void world.read(Number(name[0]), name.slice(1)).then((ok) => ok && waiting.delete(name));
          await vi.advanceTimersByTimeAsync(200);
        }
        expect(waiting).toEqual(new Set());
        expect(world.violations).toEqual([]);

        // Those who left while they were cut off are struck out by a change that outwaits them.
        void world.change('p:x', 0);
        await vi.advanceTimersByTimeAsync(2 * leaseMs);
        // No change waits for those who have stopped in order, whatever they had asked before is still on its way.
        for (const replica of world.replicas) void replica.stop();
        await vi.advanceTimersByTimeAsync(2 * leaseMs);
        let isAnswered = false;
        void world.change('p:x', 0).then(() => {
          isAnswered = true;
        });
        await vi.advanceTimersByTimeAsync(leaseMs / 2);
        expect(isAnswered).toBe(true);
        vi.clearAllTimers();
        answered += world.answered();
      },
    );
    await fc.assert(property, { numRuns: 1_000, endOnFailure: true });
    expect(answered).toBeGreaterThan(5_000);
  }, 120_000);
});
