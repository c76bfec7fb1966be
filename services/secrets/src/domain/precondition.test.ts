import type { SecretPath } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { isNamedBy } from './entity-tag.ts';
import { type PreconditionStatements, readPrecondition, requirePrecondition } from './precondition.ts';

const path = 'app/db' as SecretPath;
const refused = (code: string) => expect.objectContaining({ code });

describe('the precondition of a write', () => {
  it.each<[PreconditionStatements, number | 'exists' | undefined]>([
    [{}, undefined],
    [{ ifMatch: '"v3"' }, 3],
    [{ ifMatch: '*' }, 'exists'],
    [{ ifNoneMatch: '*' }, 0],
    [{ expectedVersion: 0 }, 0],
    [{ ifMatch: '"v3"', expectedVersion: 3 }, 3],
    [{ ifMatch: '*', expectedVersion: 3 }, 3],
    [{ ifNoneMatch: '*', expectedVersion: 0 }, 0],
  ])('of %j is %j', (statements, condition) => {
    expect(readPrecondition(statements)).toBe(condition);
  });

  it.each<PreconditionStatements>([
    { ifMatch: '"v3"', expectedVersion: 4 },
    { ifMatch: '*', expectedVersion: 0 },
    { ifMatch: '*', ifNoneMatch: '*' },
    { ifMatch: '"v1"', ifNoneMatch: '*' },
    { ifNoneMatch: '*', expectedVersion: 1 },
  ])('is refused when its statements contradict each other: %j', (statements) => {
    expect(() => readPrecondition(statements)).toThrow(refused('invalid_request'));
  });

  it.each(['', 'v3', '"3"', '"v0"', '"v03"', '"m3"', 'W/"v3"', '"v3", "v4"', '"v9999999999"', '**'])(
    'is refused when If-Match is %j',
    (ifMatch) => {
      expect(() => readPrecondition({ ifMatch })).toThrow(refused('invalid_request'));
    },
  );

  it('is refused when a write names a version in If-None-Match', () => {
    expect(() => readPrecondition({ ifNoneMatch: '"v3"' })).toThrow(refused('invalid_request'));
  });

  it.each<[number | 'exists' | undefined, number, boolean]>([
    [undefined, 0, true],
    [undefined, 4, true],
    [0, 0, true],
    [0, 4, false],
    [4, 4, true],
    [3, 4, false],
    [3, 0, false],
    ['exists', 4, true],
    ['exists', 0, false],
  ])('%j at version %i holds: %j', (condition, current, holds) => {
    const check = () => requirePrecondition(condition, path, current);
    if (holds) expect(check).not.toThrow();
    else
      expect(check).toThrow(
        expect.objectContaining({ code: 'version_conflict', details: { path, current_version: current } }),
      );
  });
});

describe('If-None-Match of a read', () => {
  it.each<[string, boolean]>([
    ['"v3"', true],
    ['W/"v3"', true],
    ['"v1", "v3"', true],
    ['*', true],
    ['"v4"', false],
    ['"v33"', false],
    ['"something-else"', false],
  ])('%j names version 3: %j', (text, named) => {
    expect(isNamedBy(text, '"v3"')).toBe(named);
  });

  it.each(['', 'v3', '"v3', '"v3",', '*, "v3"'])('is refused when it is %j', (text) => {
    expect(() => isNamedBy(text, '"v3"')).toThrow(refused('invalid_request'));
  });
});
