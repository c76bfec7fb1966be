import type { ScopeId } from '@scaivault/tenancy';
import { expect, it } from 'vitest';
import type { ExportClaim } from '../../ports/exports.ts';
import { createRunExports } from './run-exports.ts';

const claimOf = (exportId: string): ExportClaim => ({ scopeId: 't:tnt_a' as ScopeId, exportId, fence: 1 });

const runsOf = (
  jobs: Parameters<typeof createRunExports>[0]['jobs'],
  runExport = (_: ExportClaim) => Promise.resolve(),
) => createRunExports({ jobs, runExport, nowMs: () => 1_000, onRoom: () => {}, onFailure: () => {} });

it('leaves nothing to the next sweep that becomes due while it looks', async () => {
  // The clock of the database reads 9, 10, 11 … with each question; the export is due at 10.
  const dueAt = 10;
  let now = 8;
  let claimed = 0;
  const runs = runsOf({
    claim: () => {
      now += 1;
      if (claimed > 0 || dueAt > now) return Promise.resolve(undefined);
      claimed += 1;
      return Promise.resolve(claimOf('exp_1'));
    },
    nextDueInMs: () => {
      now += 1;
      return Promise.resolve(dueAt > now ? dueAt - now : undefined);
    },
  });
  const { nextDueMs } = await runs.pass();
  expect(claimed === 1 || nextDueMs === 1_001).toBe(true);
});

it('works on two at once, and takes the third when there is room', async () => {
  const ends: (() => void)[] = [];
  const begun: string[] = [];
  const waiting = ['exp_1', 'exp_2', 'exp_3'];
  const runs = runsOf(
    {
      claim: () => {
        const next = waiting.shift();
        return Promise.resolve(next === undefined ? undefined : claimOf(next));
      },
      nextDueInMs: () => Promise.resolve(undefined),
    },
    ({ exportId }) => {
      begun.push(exportId);
      return new Promise<void>((resolve) => ends.push(resolve));
    },
  );
  await runs.pass();
  expect(begun).toEqual(['exp_1', 'exp_2']);
  ends.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  await runs.pass();
  expect(begun).toEqual(['exp_1', 'exp_2', 'exp_3']);
});
