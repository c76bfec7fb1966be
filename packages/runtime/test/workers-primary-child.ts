/** Starts workers of `worker-child.ts`; each line it prints is JSON. */
import { join } from 'node:path';
import { runUntilSignal } from '../src/process/run-until-signal.ts';
import { findFreeAddress } from '../src/workers/free-address.ts';
import { startWorkers } from '../src/workers/start-workers.ts';

const [count = '2', how = 'well'] = process.argv.slice(2);
const say = (told: object): void => void process.stdout.write(`${JSON.stringify(told)}\n`);

await runUntilSignal({
  start: async () => {
    const { port } = await findFreeAddress({ host: '127.0.0.1', port: 0 });
    const running = await startWorkers({
      entry: join(import.meta.dirname, 'worker-child.ts'),
      count: Number(count),
      env: { HOW: how, PORT: String(port) },
      logger: { error: (fields: unknown) => say({ log: fields }) },
      answers: {
        double: (body: number) => body * 2,
        fail: () => {
          throw new Error('not today');
        },
      },
      stopTimeoutMs: 5_000,
    });
    say({ port });
    return running;
  },
  stopTimeoutMs: () => 10_000,
  onFailure: (error) => say({ failure: (error as Error).message }),
});
