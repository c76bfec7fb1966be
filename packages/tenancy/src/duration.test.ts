import { isVaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['90s', 90],
    ['15m', 900],
    ['1h30m', 5_400],
    ['1w2d3h4m5s', 604_800 + 2 * 86_400 + 3 * 3_600 + 4 * 60 + 5],
    ['90m30s', 5_430],
    ['007d', 7 * 86_400],
    ['3650d', 315_360_000],
  ])('reads %s as %i seconds and keeps the text', (text, seconds) => {
    expect(parseDuration(text, { field: 'ttl' })).toEqual({ text, seconds });
  });

  it('adds up units in falling order, each at most once', () => {
    const amounts = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(30), fc.nat(90), fc.integer({ min: 1, max: 90 }));
    fc.assert(
      fc.property(amounts, ([w, d, h, m, s]) => {
        const { seconds } = parseDuration(`${w}w${d}d${h}h${m}m${s}s`, { field: 'ttl' });
        return seconds === (((w * 7 + d) * 24 + h) * 60 + m) * 60 + s;
      }),
    );
  });

  it.each([
    '',
    '5',
    's',
    '1.5h',
    '-1s',
    '1H',
    '30m1h',
    '1h1h',
    '1h 30m',
    'PT1H',
    '3651d',
    '1s\n',
    `${'9'.repeat(400)}s`,
    '0s',
    '0h0m',
  ])('refuses %j and names the field', (text) => {
    expect(() => parseDuration(text, { field: 'options.ttl' })).toThrowError(
      expect.toSatisfy((e) => isVaultError(e, 'invalid_duration') && e.details?.field === 'options.ttl'),
    );
  });

  it('takes zero where the caller allows it', () => {
    expect(parseDuration('0s', { field: 'grace', allowZero: true }).seconds).toBe(0);
  });

  it.each([[5], [null], [undefined], [{}]])('refuses %j as a wrong type', (value) => {
    expect(() => parseDuration(value, { field: 'ttl' })).toThrowError(
      expect.toSatisfy((e) => isVaultError(e, 'validation_error')),
    );
  });
});
