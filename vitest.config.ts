import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// What Node compiled once, also of the processes that tests start, it need not compile again.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');

const all = '{packages,services}/*/{src,test}/**/*.test.ts';

/** Files with a process for themselves: they replace a module, weigh the heap, or have a library in them that remembers. */
const alone = [
  'packages/object-store/test/s3-*.test.ts',
  'packages/pipeline/test/journal/append.test.ts',
  'packages/pipeline/test/journal/shipper.test.ts',
  'packages/pipeline/test/replicas/memory.test.ts',
];

/** Says how long a start takes, so nothing else runs beside it. First, because others go on with the vaults it has started. */
const timed = ['services/all-in-one/test/pace.test.ts'];

/**
 * Files with whole vaults, in this order and before all others: begun last, the long ones would keep one processor busy
 * while the others have nothing left to do. The longest has its own; those after it borrow one before it ends for want of
 * borrowers; then come three that borrow another, the first beside two with their own, so that not all wait for one vault,
 * and the last is what changes and deletes all there is.
 */
const wholeVaults = [
  /\/crash\.test/,
  /\/(?!crash|canary|audit-proof|attack-matrix|lifecycle|outages)[^/]*$/,
  /\/canary\.test/,
  /\/(lifecycle|outages)\.test/,
  /\/audit-proof\.test/,
  /./,
];
const rank = ({ moduleId }: TestSpecification): number =>
  moduleId.includes('/services/all-in-one/') ? wholeVaults.findIndex((names) => names.test(moduleId)) : 9;

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    globalSetup: ['packages/testkit/src/vitest-global-setup.ts'],
    pool: 'forks',
    // One more than two processors: a file waits half of its time, for leases to end or for what comes by itself.
    maxWorkers: 3,
    // What was transformed once, the next run need not transform again.
    fsModuleCache: true,
    testTimeout: 20_000,
    // Longer than a vault may take to start, which then tells why it did not, or is used by others.
    hookTimeout: 300_000,
    sequence: { sequencer: LongFirst },
    projects: [
      { extends: true, test: { name: 'timed', include: timed, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'alone', include: alone, sequence: { groupOrder: 2 } } },
      // Modules hold no state here: what one file has loaded serves the next, and most files take longer to load than to run.
      {
        extends: true,
        test: {
          name: 'together',
          include: [all],
          exclude: [...alone, ...timed],
          isolate: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
