import type { Goal } from '@scaivault/measure/ledger/goal';

const memory = { scenario: 'memory', part: 'memory, without PostgreSQL', what: 'MB, idle' };
const half = { scenario: 'read', what: 'p99 ÷ p50', atMost: 4 };

/** What we want of a machine with two cores; a run says how far it is, and where it is missed the profile says why. */
export const goals: readonly Goal[] = [
  { scenario: 'read', part: 'hot', target: 'all-in-one', what: 'of fastify', atLeast: 0.33 },
  { scenario: 'read', part: 'uniform', target: 'all-in-one', what: 'of fastify', atLeast: 0.33 },
  { scenario: 'read', part: 'hot', target: 'two workers', what: 'of all-in-one', atLeast: 1.6, cores: 4 },
  { scenario: 'read', part: 'hot', target: 'services', what: 'per core', atLeast: 0.7 },
  { ...half, part: 'hot, at half of that', target: 'all-in-one' },
  { ...half, part: 'hot, at half of that', target: 'services' },
  { ...half, part: 'uniform, at half of that', target: 'all-in-one' },
  { ...half, part: 'uniform, at half of that', target: 'services' },
  { scenario: 'write', part: 'uniform', target: 'all-in-one', what: 'of PostgreSQL', atLeast: 0.4 },
  { scenario: 'batch', part: 'batches of 100', target: 'all-in-one', what: 'per secret, of single', atLeast: 5 },
  { scenario: 'batch', part: 'batches of 100', target: 'services', what: 'per secret, of single', atLeast: 5 },
  { scenario: 'cold-start', part: 'existing data', target: 'all-in-one', what: 'first answer s', atMost: 3 },
  { scenario: 'cold-start', part: 'existing data', target: 'services', what: 'first answer s', atMost: 3 },
  { ...memory, target: 'all-in-one', atMost: 150 },
  ...['gateway', 'secrets', 'policy', 'identity-sync', 'audit-writer', 'events'].map((name) => ({
    ...memory,
    target: `services / ${name}`,
    atMost: 90,
  })),
];
