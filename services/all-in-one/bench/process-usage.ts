import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { serviceProcessesBelow } from '@scaivault/testkit/start-vault';

export interface Usage {
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

const usageOf = (pid: number): Usage => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    name: nameOf(pid),
    cpuMicros: (Number(fields[11]) + Number(fields[12])) * microsPerTick,
    rssMb: megabytes(status, 'VmRSS'),
    peakMb: megabytes(status, 'VmHWM'),
  };
};

/** CPU time and memory of a process and the service processes below it; PostgreSQL is not counted. */
export const usageBelow = async (pid: number): Promise<Usage[]> =>
  [pid, ...(await serviceProcessesBelow(pid))].map(usageOf);
