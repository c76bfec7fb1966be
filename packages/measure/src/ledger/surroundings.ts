import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where a run was made. */
export interface Surroundings {
  readonly commit: string;
  /** False when the working tree had changes that are in no commit. */
  readonly isCommitted: boolean;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Load average of a minute at start and end: what else the machine had to do. */
  readonly load: readonly [number, number];
}

const git = (...words: readonly string[]): string =>
  execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();

const loadNow = (): number => Number((loadavg()[0] ?? 0).toFixed(2));

/** Looks at the machine now, and once more when the function that it gives is called. */
export const watchSurroundings = (): (() => Surroundings) => {
  const loadAtStart = loadNow();
  const all = cpus();
  return () => ({
    commit: git('rev-parse', 'HEAD'),
    isCommitted: git('status', '--porcelain') === '',
    node: process.version,
    system: `${process.platform} ${release()}`,
    processor: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    load: [loadAtStart, loadNow()],
  });
};
