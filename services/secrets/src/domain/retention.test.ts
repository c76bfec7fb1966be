import fc from 'fast-check';
import { expect, it } from 'vitest';
import { prunedRange } from './retention.ts';

it('leaves exactly the newest versions whatever the limits of earlier writes were', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 250 }), (limits) => {
      const kept = new Set<number>();
      let allowed = 0;
      for (const [index, maxVersions] of limits.entries()) {
        const version = index + 1;
        kept.add(version);
        const range = prunedRange(version, maxVersions);
        if (range !== undefined) for (let old = range.from; old <= range.to; old += 1) kept.delete(old);
        allowed = Math.min(allowed + 1, maxVersions);
        expect([...kept]).toEqual(Array.from({ length: allowed }, (_, i) => version - allowed + 1 + i));
      }
    }),
  );
});

it('never looks at more than a hundred versions', () => {
  expect(prunedRange(1_000_000, 1)).toEqual({ from: 999_900, to: 999_999 });
  expect(prunedRange(10, 10)).toBeUndefined();
});
