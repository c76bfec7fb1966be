/**
 * Cells of a table below each other: the first one to the left, the others to the right of their column, whose widths are
 * all the same or given one by one.
 */
export const tableLine = (
  cells: readonly string[],
  { first = 30, others = 12 }: { readonly first?: number; readonly others?: number | readonly number[] } = {},
): string => {
  const width = (index: number): number => (typeof others === 'number' ? others : (others[index - 1] ?? 0));
  return `${cells
    .map((cell, i) => (i === 0 ? cell.padEnd(first) : cell.padStart(width(i))))
    .join('')
    .trimEnd()}\n`;
};
