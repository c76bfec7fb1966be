import type { FailureReason } from './verification.ts';

export interface WrongNumber {
  readonly eventSeq: number;
  readonly reason: FailureReason;
}

/** The first number from `first` to `last` that no row has, or that two have; the rows come in the order of their numbers. */
export const checkNumbers = (
  first: number,
  last: number,
  rows: readonly { readonly eventSeq: number }[],
): WrongNumber | undefined => {
  let expected = first;
  for (const { eventSeq } of rows) {
    if (eventSeq > expected) return { eventSeq: expected, reason: 'record_missing' };
    if (eventSeq < expected) return { eventSeq, reason: 'record_changed' };
    expected += 1;
  }
  return expected <= last ? { eventSeq: expected, reason: 'record_missing' } : undefined;
};
