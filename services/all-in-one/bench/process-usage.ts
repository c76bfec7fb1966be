import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { findVaultPostgres, serviceProcessesBelow } from '@scaivault/testkit/start-vault';

export interface Usage {
  readonly pid: number;
  /** What runs: `start.ts`, `secrets`, … */
  readonly name: string;
  readonly cpuMicros: number;
  readonly rssMb: number;
  readonly peakMb: number;
}

/** Clock ticks of /proc/<pid>/stat are hundredths of a second on every Linux that Node runs on. */
const microsPerTick = 10_000;

const megabytes = (status: string, field: string): number =>
  Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;

const nameOf = (pid: number): string => {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const script = words.find((word) => word.endsWith('.ts')) ?? '';
  return script.endsWith('/src/main.ts') ? basename(script.slice(0, -'/src/main.ts'.length)) : basename(script);
};

/** Fields of /proc/<pid>/stat behind the name, the first of them the state (field 3 in proc(5)). */
const statOf = (pid: number | string): readonly string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

const ticksOf = (stat: readonly string[], fields: readonly number[]): number =>
  fields.reduce((sum, field) => sum + Number(stat[field - 3]), 0);

const [userTime, systemTime, childrensUserTime, childrensSystemTime] = [14, 15, 16, 17];

/** Of one process. */
export const usageOf = (pid: number): Usage => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    pid,
    name: nameOf(pid),
    cpuMicros: ticksOf(statOf(pid), [userTime, systemTime]) * microsPerTick,
    rssMb: megabytes(status, 'VmRSS'),
    peakMb: megabytes(status, 'VmHWM'),
  };
};

/** CPU time and memory of a process and the service processes below it; PostgreSQL is not counted. */
export const usageBelow = async (pid: number): Promise<Usage[]> =>
  [pid, ...(await serviceProcessesBelow(pid))].map(usageOf);

const statIfThere = (pid: string): readonly string[] => {
  try {
    return statOf(pid);
  } catch {
    return []; // It has ended since it was listed.
  }
};

/** CPU time of a vault's PostgreSQL, of sessions that have ended as well. */
export const postgresCpuMicros = (dataDir: string): number => {
  const postmaster = String(findVaultPostgres(dataDir) ?? '');
  const sessions = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statIfThere)
    .filter(([, parent]) => parent === postmaster);
  const ended = [userTime, systemTime, childrensUserTime, childrensSystemTime];
  const ticks = sessions.reduce((sum, stat) => sum + ticksOf(stat, [userTime, systemTime]), 0);
  return (ticks + ticksOf(statIfThere(postmaster), ended)) * microsPerTick;
};
