import { setTimeout as sleep } from 'node:timers/promises';
import { VaultError } from '@scaivault/errors';
import type { EmulatorLog } from './emulator-log.ts';
import type { EmulatorState } from './emulator-state.ts';
import { postWebhook } from './post-webhook.ts';
import type { WebhookEvent } from './webhook-event.ts';

const ATTEMPT_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export interface WebhookDelivery {
  /** Adds events to the end of the queue, durably, and starts delivering. */
  enqueue(events: readonly WebhookEvent[]): Promise<void>;
  /** Tries now instead of after the current pause. */
  poke(): void;
  /** Resolves when no event is waiting; `invalid_config` without a target, `service_unavailable` when stopped first. */
  deliverAll(): Promise<void>;
  stop(): Promise<void>;
}

/** A refusal of this one event: trying again cannot help, and it must not block those behind it. */
const isRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && ![401, 403, 404, 408, 425, 429].includes(status);

/** Delivers the waiting events one after another, each until it is taken, so that their order holds (bounded backoff). */
export const createWebhookDelivery = (parts: {
  state: EmulatorState;
  save: () => Promise<void>;
  targetUrl: () => string | undefined;
  now: () => Date;
  log: EmulatorLog;
}): WebhookDelivery => {
  const { state, save, targetUrl, now, log } = parts;
  const stopping = new AbortController();
  let pause = new AbortController();
  let running: Promise<void> | undefined;

  /** True when the event is done with: taken, or refused for good. */
  const attempt = async (url: string, event: WebhookEvent): Promise<boolean> => {
    const about = { event_id: event.event_id, event_type: event.event_type };
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]);
      const { webhookSecret: secret, webhookId } = state;
      const { status } = await postWebhook({ url, secret, webhookId, event, now, signal });
      if (status >= 200 && status < 300) return true;
      log.warn(
        { ...about, status },
        isRefusal(status) ? 'webhook refused, event dropped' : 'webhook not taken, will retry',
      );
      return isRefusal(status);
    } catch (error) {
      if (!stopping.signal.aborted) log.warn({ ...about, err: error }, 'webhook target unreachable, will retry');
      return false;
    }
  };

  const rest = async (failures: number): Promise<void> => {
    pause = new AbortController();
    const signal = AbortSignal.any([stopping.signal, pause.signal]);
    const milliseconds = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    await sleep(milliseconds, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const url = targetUrl();
      const event = state.waitingEvents[0];
      if (url === undefined || event === undefined) return;
      if (await attempt(url, event)) {
        failures = 0;
        state.waitingEvents.shift();
        // A crash before this write repeats the event, which its id makes harmless.
        await save();
      } else {
        failures += 1;
        await rest(failures);
      }
    }
  };

  const poke = (): void => {
    pause.abort();
    running ??= run()
      .catch((error: unknown) => log.warn({ err: error }, 'webhook delivery stopped, starts again with the next event'))
      .finally(() => {
        running = undefined;
      });
  };

  return {
    poke,
    async enqueue(events) {
      state.waitingEvents.push(...events);
      await save();
      poke();
    },
    async deliverAll() {
      while (state.waitingEvents.length > 0) {
        if (targetUrl() === undefined) throw new VaultError('invalid_config', 'No webhook target is configured.');
        if (stopping.signal.aborted) throw new VaultError('service_unavailable', 'The emulator was stopped.');
        poke();
        await running;
      }
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
};
