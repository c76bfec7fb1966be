import { type AlarmSink, errnoOf } from './alarm.ts';

export interface Health {
  readonly writable: boolean;
  fail(error: unknown, segment?: string): void;
  succeed(): void;
  stop(): void;
}

const PROBE_INTERVAL_MS = 1000;

/**
 * Whether the last write worked. While it did not, `probe` is tried once a second, so that the journal comes back even
 * when nobody sends it work; one alarm when it fails and one when it is back.
 */
export const createHealth = (probe: () => void, onAlarm: AlarmSink): Health => {
  let timer: NodeJS.Timeout | undefined;
  let alarmed = false;

  const succeed = (): void => {
    clearInterval(timer);
    timer = undefined;
    if (alarmed) onAlarm({ kind: 'write_recovered' });
    alarmed = false;
  };
  const attempt = (): void => {
    try {
      probe();
    } catch {
      // Still broken, as was alarmed when it began; the next tick tries again.
      return;
    }
    succeed();
  };

  return {
    get writable() {
      return timer === undefined;
    },
    fail: (error, segment) => {
      timer ??= setInterval(attempt, PROBE_INTERVAL_MS).unref();
      if (alarmed) return;
      alarmed = true;
      onAlarm({ kind: 'write_failed', errno: errnoOf(error), ...(segment === undefined ? {} : { segment }) });
    },
    succeed,
    stop: () => clearInterval(timer),
  };
};
