import type { Usage } from '../process-usage.ts';

export type CpuTimes = ReadonlyMap<string, number>;

/** CPU microseconds by name; processes of one name, as the workers of a vault are, count as one. */
export const cpuTimes = (usages: readonly Pick<Usage, 'name' | 'cpuMicros'>[]): CpuTimes =>
  new Map(
    [...Map.groupBy(usages, ({ name }) => name)].map(([name, own]) => [
      name,
      own.reduce((sum, { cpuMicros }) => sum + cpuMicros, 0),
    ]),
  );

/** What each request took of them. */
export const perRequest = (before: CpuTimes, after: CpuTimes, requests: number): Readonly<Record<string, number>> =>
  Object.fromEntries([...after].map(([name, micros]) => [name, (micros - (before.get(name) ?? 0)) / requests]));
