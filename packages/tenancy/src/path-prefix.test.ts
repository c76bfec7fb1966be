import { isVaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PathPrefix, parsePathPrefix } from './path-prefix.ts';

const inRange = (prefix: PathPrefix, path: string): boolean => {
  const { self, from, before } = prefix.range();
  const bytes = Buffer.from(path);
  return path === self || (bytes.compare(Buffer.from(from)) >= 0 && bytes.compare(Buffer.from(before)) < 0);
};

describe('parsePathPrefix', () => {
  it('covers the path itself and whole segments below it', () => {
    const app = parsePathPrefix('app');
    expect(['app', 'app/x', 'app/x/y'].every(app.covers)).toBe(true);
    expect(['apple', 'app-x', 'app0', 'ap', 'my/app'].some(app.covers)).toBe(false);
  });

  it('covers only what lies below when it ends in a slash', () => {
    const below = parsePathPrefix('app/');
    expect(below.covers('app/x')).toBe(true);
    expect(below.covers('app')).toBe(false);
    expect(below.range()).toEqual({ self: null, from: 'app/', before: 'app0' });
  });

  it('gives a byte range that holds exactly the paths it covers', () => {
    // Few letters, so that near misses around '-' and '0', the bytes beside '/', are frequent.
    const path = fc.stringMatching(/^[a0_-]{1,3}(\/[a0_-]{1,3}){0,3}$/);
    const prefix = fc.tuple(path, fc.constantFrom('', '/')).map(([text, slash]) => parsePathPrefix(text + slash));
    fc.assert(
      fc.property(
        prefix,
        path,
        fc.boolean(),
        fc.constantFrom('', '/', '-', '0', '_'),
        (covering, other, near, joint) => {
          const stem = covering.text.endsWith('/') ? covering.text.slice(0, -1) : covering.text;
          const candidate = near ? stem + (joint && joint + other) : other;
          return inRange(covering, candidate) === covering.covers(candidate);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('takes reserved first segments, since lists show partner paths', () => {
    expect(parsePathPrefix('partner/app').covers('partner/app/db')).toBe(true);
  });

  it.each(['', '/', 'app//', '/app', 'App', 'a%', `${'a/'.repeat(12)}b`, 'a'.repeat(600)])('refuses %j', (text) => {
    expect(() => parsePathPrefix(text)).toThrowError(expect.toSatisfy((e) => isVaultError(e, 'invalid_path')));
  });
});
