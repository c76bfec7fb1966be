import { setTimeout as sleep } from 'node:timers/promises';

const shortestPauseMs = 20;

/** Looks again and again until there is something to see; an error that says what was missing after `withinMs`. */
export const until = async <Found>(
  what: string,
  look: () => Promise<Found | undefined>,
  withinMs = 10_000,
): Promise<Found> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const lookedAt = performance.now();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`After ${withinMs} ms still not: ${what}`);
    // No more looking than resting, so that whoever makes it come true has the processor.
    await sleep(Math.max(shortestPauseMs, performance.now() - lookedAt));
  }
};
