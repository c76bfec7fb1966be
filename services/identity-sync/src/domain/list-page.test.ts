import { expect, it } from 'vitest';
import { isLastPage, isWholePage, rowsPerPage } from './list-page.ts';

const pageOf = (rows: number, total: number) => ({
  items: Array.from({ length: rows }, () => ({})),
  total,
  readAtMicros: 0,
});

it.each([
  [1, 0, 0, null, true],
  [1, 3, 3, null, true],
  [1, 2, 3, null, false],
  [1, rowsPerPage, 450, null, true],
  [1, rowsPerPage - 1, 450, null, false],
  [2, rowsPerPage, 450, 450, true],
  [3, 50, 450, 450, true],
  [3, 49, 450, 450, false],
  [3, 50, 450, 451, false],
  [3, 0, 300, 300, true],
])('page %i with %i rows of %i, told before: %s, is whole: %s', (page, rows, total, before, isWhole) => {
  expect(isWholePage(pageOf(rows, total), page, before)).toBe(isWhole);
});

it('ends with the page that holds the last row', () => {
  expect([isLastPage({ total: 0 }, 1), isLastPage({ total: rowsPerPage }, 1)]).toEqual([true, true]);
  expect(isLastPage({ total: rowsPerPage + 1 }, 1)).toBe(false);
});
