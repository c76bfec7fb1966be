import type { Shape } from '@scaivault/testkit/start-vault';

/** A way to run a vault that is measured beside the others. */
export interface BenchShape {
  readonly name: string;
  readonly shape: Shape;
  readonly env: Readonly<Record<string, string>>;
}

/** The first one is what the others are compared with. */
export const shapes: readonly BenchShape[] = [
  { name: 'all-in-one', shape: 'all-in-one', env: {} },
  { name: 'two workers', shape: 'all-in-one', env: { WORKERS: '2' } },
  { name: 'services', shape: 'services', env: {} },
];
