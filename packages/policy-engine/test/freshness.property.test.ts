import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Conditions, compilePolicies, evaluate, parseRules } from '../src/index.ts';
import { alice, noon, policy, request } from './fixtures.ts';

const allows = (conditions: Conditions, asked: ReturnType<typeof request>): boolean => {
  const rules = parseRules([{ path_pattern: '**', permissions: ['read'], conditions }]);
  return evaluate(compilePolicies([policy('a', { rules })]), alice, asked).allowed;
};

const units = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
const duration = fc
  .record({
    count: fc.integer({ min: 1, max: 99 }),
    unit: fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
  })
  .map(({ count, unit }) => ({ text: `${count}${unit}`, ms: count * units[unit] * 1_000 }));

it('token_max_age and mfa_max_age hold up to the last millisecond and not one longer', () => {
  fc.assert(
    fc.property(duration, ({ text, ms }) => {
      const of = (issuedAtMs: number, mfaVerifiedAtMs: number) => request({ token: { issuedAtMs, mfaVerifiedAtMs } });
      const mfa = { require_mfa: true, mfa_max_age: text } as const;
      expect(allows({ token_max_age: text }, of(noon - ms, 0))).toBe(true);
      expect(allows({ token_max_age: text }, of(noon - ms - 1, noon))).toBe(false);
      expect(allows(mfa, of(0, noon - ms))).toBe(true);
      expect(allows(mfa, of(noon, noon - ms - 1))).toBe(false);
    }),
  );
});

const byte = fc.integer({ min: 0, max: 255 });
const v4 = fc.tuple(byte, byte, byte, byte);

it('a v4 address is the same in v4 and in every v4-mapped v6 spelling, against blocks of both kinds', () => {
  fc.assert(
    fc.property(v4, v4, fc.integer({ min: 0, max: 32 }), (address, other, bits) => {
      const number = (bytes: readonly number[]) => bytes.reduce((all, each) => all * 256 + each, 0);
      const size = 2 ** (32 - bits);
      const first = Math.floor(number(other) / size) * size;
      const network = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
      const expected = Math.floor(number(address) / size) * size === first;

      const hex = (a: number, b: number) => (a * 256 + b).toString(16);
      const [a, b, c, d] = address;
      const dotted = address.join('.');
      const spellings = [
        dotted,
        `::ffff:${dotted}`,
        `::FFFF:${hex(a, b)}:${hex(c, d)}`,
        `0:0:0:0:0:ffff:${hex(a, b)}:${hex(c, d)}`,
      ];
      for (const block of [`${network.join('.')}/${bits}`, `::ffff:${network.join('.')}/${96 + bits}`]) {
        for (const sourceIp of spellings) {
          expect(allows({ ip_ranges: [block] }, request({ sourceIp })), `${sourceIp} in ${block}`).toBe(expected);
        }
      }
    }),
    { numRuns: 300 },
  );
});

it('a v6 block never holds for a v4 address, nor the other way round', () => {
  fc.assert(
    fc.property(v4, (address) => {
      expect(allows({ ip_ranges: ['::/0', '2000::/3'] }, request({ sourceIp: address.join('.') }))).toBe(false);
      expect(allows({ ip_ranges: ['0.0.0.0/0'] }, request({ sourceIp: `2001:db8::${address[0].toString(16)}` }))).toBe(
        false,
      );
    }),
  );
});
