import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const tracing = join(import.meta.dirname, '../src/telemetry/tracing.ts');

/** Runs `before`, then a piece of work inside a span, in a process of its own; answers with what it printed. */
const run = (before: string): string =>
  execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `${before}
       const { withServerSpan } = await import(${JSON.stringify(tracing)});
       console.log(await withServerSpan('secrets.Read', undefined, async () => 'worked'));
       await withServerSpan('secrets.Write', undefined, async () => { throw new Error('refused'); }).catch(({ message }) => console.log(message));
       console.log(Symbol.for('opentelemetry.js.api.1') in globalThis);`,
    ],
    { encoding: 'utf8', cwd: import.meta.dirname },
  );

it('tells the spans of calls to an SDK that was there before', () => {
  const sdk = `
    import { trace } from '@opentelemetry/api';
    const span = (name) => ({ setStatus: ({ code }) => console.log(name, 'status', code), end: () => console.log(name, 'ends') });
    trace.setGlobalTracerProvider({
      getTracer: () => ({ startActiveSpan: (name, options, parent, work) => (console.log(name, 'kind', options.kind), work(span(name))) }),
    });`;
  expect(run(sdk).trim().split('\n')).toEqual([
    'secrets.Read kind 1',
    'secrets.Read ends',
    'worked',
    'secrets.Write kind 1',
    'secrets.Write status 2',
    'secrets.Write ends',
    'refused',
    'true',
  ]);
});

it('leaves OpenTelemetry out where nothing records traces', () => {
  expect(run('').trim().split('\n')).toEqual(['worked', 'refused', 'false']);
});
