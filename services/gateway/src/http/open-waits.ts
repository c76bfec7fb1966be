import type { ServerResponse } from 'node:http';

/** Requests whose answer waits for something to happen. */
export interface OpenWaits {
  /** Aborted when the client is gone, and when all waits end. */
  begin(response: Pick<ServerResponse, 'once' | 'writableFinished'>): AbortSignal;
  /** Ends all of them, those that begin later too. */
  end(): void;
}

/** Keeps what ends the waits of this listener: one controller for each, and nothing that outlives its answer. */
export const createOpenWaits = (): OpenWaits => {
  const open = new Set<AbortController>();
  let isOver = false;
  return {
    begin: (response) => {
      const wait = new AbortController();
      if (isOver) wait.abort();
      open.add(wait);
      response.once('close', () => {
        open.delete(wait);
        // One that was answered has ended by itself; to abort it costs more than it would seem.
        if (!response.writableFinished) wait.abort();
      });
      return wait.signal;
    },
    end: () => {
      isOver = true;
      for (const wait of open) wait.abort();
    },
  };
};
