import { quantiles } from '@scaivault/measure/quantiles';
import { tableLine } from '@scaivault/measure/table-line';
import { compilePolicies, evaluate } from '../src/index.ts';
import { type Scene, scenes } from './scenes.ts';

const microseconds = (value: number): string => value.toFixed(value < 100 ? 1 : 0);

const line = (cells: readonly string[]): string => tableLine(cells, { first: 44 });

/** Microseconds that each single decision took, for at most a second after warming up; an evaluator for each request. */
const measure = ({ records, subject, requests }: Scene) => {
  const compiling = performance.now();
  const bundle = compilePolicies(records);
  const compileMs = performance.now() - compiling;
  const decide = (round: number) => {
    const request = requests[round % requests.length];
    return request && evaluate(bundle, subject, request);
  };
  const warmUntil = performance.now() + 300;
  for (let round = 0; performance.now() < warmUntil; round += 1) decide(round);
  const times: number[] = [];
  const until = performance.now() + 700;
  for (let round = 0; performance.now() < until; round += 1) {
    const started = performance.now();
    decide(round);
    times.push((performance.now() - started) * 1000);
  }
  return { compileMs, times };
};

/** `pnpm bench policy`: one decision among 10,000 policies × 10 rules, without network, token or database. */
export const runPolicy = (): Promise<void> => {
  process.stdout.write('\none decision among 10,000 policies × 10 rules, µs\n\n');
  process.stdout.write(line(['', 'median', 'p99', 'compile ms']));
  for (const scene of scenes()) {
    const { compileMs, times } = measure(scene);
    const cells = quantiles(times, [0.5, 0.99]).map(microseconds);
    process.stdout.write(line([scene.name, ...cells, compileMs.toFixed(0)]));
  }
  return Promise.resolve();
};
