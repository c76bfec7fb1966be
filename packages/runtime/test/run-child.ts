import { runUntilSignal } from '../src/process/run-until-signal.ts';

/** A process that tells what happens to it; its first argument says how it stops. */
const [how = 'well'] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const keepAlive = setInterval(() => {}, 1_000);

await runUntilSignal({
  start: async () => {
    if (how === 'fails-to-start') throw new Error('no database');
    say('started');
    if (how === 'starts for ever') await new Promise(() => {});
    return {
      stop: async () => {
        say('draining');
        if (how === 'never') await new Promise(() => {});
        if (how === 'badly') throw new Error('stuck');
        await new Promise((resolve) => setTimeout(resolve, 50));
        clearInterval(keepAlive);
        say('drained');
      },
    };
  },
  stopTimeoutMs: () => (process.env.STOP_TIMEOUT_MS === undefined ? 10_000 : Number(process.env.STOP_TIMEOUT_MS)),
  onFailure: (error) => say(`failed: ${(error as Error).message}`),
});
