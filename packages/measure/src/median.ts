import { quantiles } from './quantiles.ts';

/** The middle value, the lower one of two; 0 of none. */
export const median = (values: readonly number[]): number => quantiles(values, [0.5])[0] ?? 0;
