/** Three figures that count, or the whole number. */
export const showNumber = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value === 0 ? '0' : value.toPrecision(3);
