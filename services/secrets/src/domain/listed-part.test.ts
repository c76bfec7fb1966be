import { type PartnerId, parsePathPrefix, type SecretPath, type TenantId, tenantScope } from '@scaivault/tenancy';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { listedParts, listedPath, scanOfPart } from './listed-part.ts';

const tenant = tenantScope('t' as TenantId, 'p' as PartnerId);
const segment = fc.oneof(
  fc.constantFrom('a', 'b', 'partner', 'partner-x', 'partner0', 'partnerz', 'app', 'app-x'),
  fc.string({ unit: fc.constantFrom('a', 'p', '-', '_', '0', 'z'), minLength: 1, maxLength: 3 }),
);
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/'));
const ofTenant = path.filter((text) => text !== 'partner' && !text.startsWith('partner/'));

/** What a store would find for a scan, straight from its meaning. */
const scan = (rows: readonly string[], wanted: ReturnType<typeof scanOfPart>): string[] => {
  if (wanted === undefined) return [];
  const { range, after } = wanted;
  return rows
    .filter((row) => row > after && (row === range.self || (row >= range.from && row < range.before)))
    .sort((a, b) => (a < b ? -1 : 1));
};

it('finds exactly what a merged list would hold, in its order, from every place on', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(ofTenant, { maxLength: 12 }),
      fc.uniqueArray(path, { maxLength: 12 }),
      fc.option(fc.tuple(path, fc.boolean()), { nil: undefined }),
      path,
      fc.boolean(),
      (tenantRows, partnerRows, prefixText, after, fromStart) => {
        const prefix =
          prefixText === undefined ? undefined : parsePathPrefix(prefixText[0] + (prefixText[1] ? '/' : ''));
        const start = fromStart ? '' : after;
        const found = listedParts(tenant, true).flatMap((part) =>
          scan(part.scope.kind === 'partner' ? partnerRows : tenantRows, scanOfPart(part, prefix, start)).map((row) =>
            listedPath(part, row as SecretPath),
          ),
        );
        const merged = [...tenantRows, ...partnerRows.map((row) => `partner/${row}`)]
          .filter((row) => row > start && (prefix === undefined || prefix.covers(row)))
          .sort((a, b) => (a < b ? -1 : 1));
        expect(found).toEqual(merged);
      },
    ),
    { numRuns: 2000 },
  );
});

it('has one part without the partner', () => {
  expect(listedParts(tenant, false)).toHaveLength(1);
});
