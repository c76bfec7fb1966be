import type { Registry } from 'prom-client';
import { prometheus } from './prometheus.ts';

/** Seconds of processor time that this process has used, by the usual names of Prometheus' clients below `prefix`. */
export const collectCpuTime = (registry: Registry, prefix: string): void => {
  const counter = (name: string, help: string, microseconds: (usage: NodeJS.CpuUsage) => number): void => {
    let counted = 0;
    new prometheus.Counter({
      name: `${prefix}process_cpu_${name}seconds_total`,
      help,
      registers: [registry],
      collect() {
        const used = microseconds(process.cpuUsage());
        this.inc((used - counted) / 1e6);
        counted = used;
      },
    });
  };
  counter('user_', 'Total user CPU time spent in seconds.', ({ user }) => user);
  counter('system_', 'Total system CPU time spent in seconds.', ({ system }) => system);
  counter('', 'Total user and system CPU time spent in seconds.', ({ user, system }) => user + system);
};
