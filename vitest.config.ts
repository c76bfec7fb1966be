import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// What Node compiled once, also of the processes that tests start, it need not compile again.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');

const all = '{packages,services}/*/{src,test}/**/*.test.ts';

/**
 * Files with a process for themselves: they start whole vaults, replace a module, weigh the heap, or have a library in
 * them that remembers where it found its credentials.
 */
const alone = [
  'services/all-in-one/test/**/*.test.ts',
  'packages/object-store/test/s3-*.test.ts',
  'packages/pipeline/test/journal/append.test.ts',
  'packages/pipeline/test/journal/shipper.test.ts',
  'packages/pipeline/test/replicas/memory.test.ts',
];

/** Those are the long ones: begun last they would keep one processor busy while the other has nothing left to do. */
class AloneFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isAlone = ({ project }: TestSpecification): boolean => project.name === 'alone';
    return [...sorted.filter(isAlone), ...sorted.filter((file) => !isAlone(file))];
  }
}

export default defineConfig({
  test: {
    globalSetup: ['packages/testkit/src/vitest-global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    // Longer than a vault may take to start, which then tells why it did not, or is used by others.
    hookTimeout: 300_000,
    sequence: { sequencer: AloneFirst },
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      // Modules hold no state here: what one file has loaded serves the next, and most files take longer to load than to run.
      { extends: true, test: { name: 'together', include: [all], exclude: alone, isolate: false } },
    ],
  },
});
