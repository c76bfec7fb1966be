import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));
const folder = fileURLToPath(new URL('fixtures/component', import.meta.url));

/** Runs the suite in the fixture, two tests that stand on a component, in a Vitest of its own. */
const runSuite = async (env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, [vitest, 'run', '--root', folder, '--no-cache', '--reporter', 'tap-flat'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, printed] = await Promise.all([text(child.stdout), text(child.stderr)]);
  // "ok 1 - file > suite > test # note": without the note's time.
  const results = output.split('\n').flatMap((line) => /^(?:not )?ok .*?(?= # time|$)/.exec(line)?.[0] ?? []);
  return { results, output, printed };
};

const reason = 'a lamp is missing: nobody sells them';

it('runs a suite whose component is there', async () => {
  const { results, printed } = await runSuite({ FIXTURE_COMPONENT: 'there', REQUIRE_COMPONENTS: '1' });
  expect(results).toEqual([
    'ok 1 - suite.spec.ts > with a lamp > shines',
    'ok 2 - suite.spec.ts > with a lamp > still shines',
  ]);
  expect(printed).toBe('');
});

it('skips every test of a suite whose component is missing, and prints why', async () => {
  const { results, printed } = await runSuite({});
  expect(results).toEqual([
    'ok 1 - suite.spec.ts > with a lamp > shines # SKIP',
    'ok 2 - suite.spec.ts > with a lamp > still shines # SKIP',
  ]);
  expect(printed).toBe(`Skipped: ${reason}\n`);
});

it('fails with the reason instead where components are required', async () => {
  const { results, output } = await runSuite({ REQUIRE_COMPONENTS: '1' });
  expect(results).toEqual(['not ok 1 - suite.spec.ts > has a lamp']);
  expect(output).toContain(reason);
});
