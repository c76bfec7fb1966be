import type { LoadResult, Pace } from '@scaivault/measure/load/drive';

/** CPU microseconds for each request, by process; those of PostgreSQL apart. */
export interface Cpu {
  readonly processes: Readonly<Record<string, number>>;
  readonly database?: number;
}

export interface Sample extends LoadResult {
  readonly cpu: Cpu;
}

/** Somebody who is asked the same as the others. */
export interface Target {
  readonly name: string;
  /** `seed`: of the numbers that are drawn. */
  load(pace: Pace, seed: number): Promise<Sample>;
}
