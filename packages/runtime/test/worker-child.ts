/** A worker that answers over HTTP who it is, what its first process says, and what all workers have counted. */
import { createServer } from 'node:http';
import { runUntilSignal } from '../src/process/run-until-signal.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { becomeWorker } from '../src/workers/this-worker.ts';

const metrics = createMetrics('child', '0', '0');
const worker = becomeWorker(metrics);
if (worker === undefined) throw new Error('This is no worker.');

const answers: Readonly<Record<string, (text: string) => unknown>> = {
  '/who': () => ({ number: worker.number, pid: process.pid }),
  '/double': (text) => worker.ask('double', Number(text)),
  '/fail': () => worker.ask('fail').catch((error: Error) => error.message),
  '/unknown': () => worker.ask('something else').catch((error: Error) => error.message),
  '/metrics': () => metrics.render(),
};

await runUntilSignal({
  start: async () => {
    if (process.env.HOW === 'second fails') {
      if (worker.number === 2) throw new Error('no');
      // Still starting when the other one has failed.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    }
    const server = createServer((request, response) => {
      metrics.rateLimitHits.inc({ category: 'secrets:read' });
      metrics.journalOldestSeconds.set(worker.number);
      const { pathname, search } = new URL(request.url ?? '', 'http://x');
      // A connection for each question, so that the next one may reach somebody else.
      response.setHeader('connection', 'close');
      void Promise.resolve(answers[pathname]?.(search.slice(1))).then((told) => response.end(JSON.stringify(told)));
    });
    await new Promise<void>((resolve) =>
      server.listen({ port: Number(process.env.PORT), host: '127.0.0.1', reusePort: true }, resolve),
    );
    await worker.ready();
    return {
      stop: async () => {
        await new Promise<void>((resolve) => server.close(() => resolve()));
      },
    };
  },
  stopTimeoutMs: () => 5_000,
  onFailure: () => {},
});
