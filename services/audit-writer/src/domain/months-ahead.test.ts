import { expect, it } from 'vitest';
import { monthsAhead } from './months-ahead.ts';

const micros = (text: string): number => Date.parse(text) * 1000;

it.each([
  ['2026-05-17T10:00:00Z', ['2026-05-01', '2026-06-01', '2026-07-01']],
  ['2025-11-30T23:59:59.999Z', ['2025-11-01', '2025-12-01', '2026-01-01']],
  ['2026-01-31T00:00:00Z', ['2026-01-01', '2026-02-01', '2026-03-01']],
  ['2026-03-01T00:00:00Z', ['2026-03-01', '2026-04-01', '2026-05-01']],
])('are this month and the next two at %s', (now, months) => {
  expect(monthsAhead(micros(now))).toEqual(months.map((month) => micros(`${month}T00:00:00Z`)));
});
