import { expect, it } from 'vitest';
import { nextDue } from './due.ts';

const day = 86_400_000_000;
const expiresAtMicros = 100 * day;
const facts = { expiresAtMicros, deletedAtMicros: null, notifyBefore: ['30d', '7d', '1d'] };

it.each([
  ['long before', 0, 70 * day],
  ['at the first notice, which has happened then', 70 * day, 93 * day],
  ['between two notices', 80 * day, 93 * day],
  ['behind the last notice', 99.5 * day, 100 * day],
  ['at the expiry', 100 * day, null],
])('a secret that expires is next due, %s', (_when, now, due) => {
  expect(nextDue(facts, now)).toBe(due);
});

it('is due at the end of its retention once it is deleted, whatever expires', () => {
  expect(nextDue({ ...facts, deletedAtMicros: 5 * day }, 6 * day)).toBe(35 * day);
});

it('is never due without an expiry, and at the expiry alone without notices', () => {
  expect(nextDue({ ...facts, expiresAtMicros: null }, 0)).toBeNull();
  expect(nextDue({ ...facts, notifyBefore: [] }, 0)).toBe(100 * day);
});
