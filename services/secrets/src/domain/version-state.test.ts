import { expect, it } from 'vitest';
import { versionState } from './version-state.ts';

const now = 1000;

it.each([
  ['current', { version: 3, graceEndsAtMicros: null, destroyedAtMicros: null }],
  ['superseded', { version: 2, graceEndsAtMicros: null, destroyedAtMicros: null }],
  ['grace', { version: 2, graceEndsAtMicros: now + 1, destroyedAtMicros: null }],
  ['retired', { version: 2, graceEndsAtMicros: now, destroyedAtMicros: null }],
  ['destroyed', { version: 2, graceEndsAtMicros: now + 1, destroyedAtMicros: 1 }],
] as const)('is %s', (state, facts) => {
  expect(versionState(facts, 3, now)).toBe(state);
});
