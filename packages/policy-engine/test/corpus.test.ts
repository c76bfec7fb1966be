import { describe, expect, it } from 'vitest';
import { compilePolicies, evaluate } from '../src/index.ts';
import { readCorpus } from './corpus.ts';
import { naiveEvaluate } from './naive/evaluate.ts';
import { verdictOf } from './verdict-of.ts';

/**
 * To add a case: when the oracle finds one, its message ends with a line of JSON. Put that line into
 * test/corpus/found.jsonl, write into `why` what went wrong, and see this test go red before you mend the engine. A case
 * made by hand goes into test/corpus/by-hand.jsonl; `expected` is what the contract says, never what the engine says.
 */
describe('the corpus', () => {
  it.each(readCorpus())('$why', ({ records, subject, request, expected }) => {
    expect(naiveEvaluate(records, subject, request)).toEqual(expected);
    expect(verdictOf(evaluate(compilePolicies(records), subject, request))).toEqual(expected);
  });
});
