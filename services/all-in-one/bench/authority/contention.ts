import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** Nanoseconds that the main threads of processes have run, and have waited for a core while they could have. */
interface Scheduled {
  readonly ran: number;
  readonly waited: number;
}

const scheduledOf = (pid: number): Scheduled => {
  const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return { ran, waited };
};

const busyTicks = (): number => {
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0] = first.trim().split(/\s+/).slice(1).map(Number);
  return user + nice + system + irq + soft;
};

/** How much of the machine was ours, and how long we stood in the queue for it. */
export interface Contention {
  /** Cores that the whole machine kept busy, on average. */
  readonly busyCores: number;
  /** Of those, ours. */
  readonly ownCores: number;
  /** Share of the time in which a process of ours could have run and had to wait for a core. */
  readonly waitingShare: number;
  readonly load: number;
}

/** Looks at the machine from now until the function that it gives is called. */
export const watchContention = (pids: readonly number[]): (() => Contention) => {
  const startedAt = performance.now();
  const before = pids.map(scheduledOf);
  const ticks = busyTicks();
  return () => {
    const seconds = (performance.now() - startedAt) / 1000;
    const sums = pids.map(scheduledOf).map(({ ran, waited }, index) => ({
      ran: ran - (before[index]?.ran ?? 0),
      waited: waited - (before[index]?.waited ?? 0),
    }));
    const ran = sums.reduce((sum, each) => sum + each.ran, 0);
    const waited = sums.reduce((sum, each) => sum + each.waited, 0);
    return {
      busyCores: Math.min(cpus().length, (busyTicks() - ticks) / 100 / seconds),
      ownCores: ran / 1e9 / seconds,
      waitingShare: waited / (ran + waited),
      load: loadavg()[0] ?? 0,
    };
  };
};
