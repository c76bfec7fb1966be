import type { Caller } from '@scaivault/pipeline';
import { compileGlob, type Glob, parsePathPrefix, policyPathOf } from '@scaivault/tenancy';
import { presenceOf } from '../domain/recovery.ts';
import type { DescribedSecret, SecretStore } from '../ports.ts';
import { type BatchOutcome, type ItemRoad, lookedUpOnce, settleItems } from './batch-items.ts';
import type { Clock } from './clock.ts';
import { requireLiving } from './require-living.ts';

export interface BatchMetadataRequest {
  readonly paths: readonly string[];
  readonly expandsWildcards: boolean;
}

export interface BatchMetadataResult {
  readonly outcome: BatchOutcome<DescribedSecret>;
  /** More secrets match than one answer holds, or than one call looks at. */
  readonly isTruncated: boolean;
}

const mostMatches = 1000;
/** Rows looked at for one call (rest-api-core 1.5). */
const mostRows = 10 * mostMatches;
const rowsPerScan = 1000;

const noRange = { self: null, from: '', before: '~' } as const;

/** Where an index scan for a glob begins and ends: the segments in front of its first wildcard. */
const rangeOf = (pattern: string) => {
  const segments = pattern.split('/');
  const firstWild = segments.findIndex((segment) => /[*?]/.test(segment));
  const literal = segments.slice(0, firstWild < 0 ? segments.length : firstWild).join('/');
  return literal === '' ? noRange : parsePathPrefix(literal).range();
};

/** Reads the metadata of up to 100 paths, or of what matches up to 100 globs (rest-api-core 4.3). */
export const createBatchMetadata =
  ({ store, clock }: { readonly store: Pick<SecretStore, 'describe' | 'scan'>; readonly clock: Clock }) =>
  async (
    caller: Pick<Caller, 'objectScope' | 'judge'>,
    request: BatchMetadataRequest,
    road: ItemRoad,
  ): Promise<BatchMetadataResult> => {
    const scope = caller.objectScope;

    /** Paths that match and that the caller may list; 400 `invalid_glob` for a pattern that is none. */
    const expand = async (): Promise<{ paths: readonly string[]; isTruncated: boolean }> => {
      const globs: readonly (readonly [string, Glob])[] = [...new Set(request.paths)].map((text) => [
        text,
        compileGlob(text),
      ]);
      const paths = new Set<string>();
      const now = clock();
      let looked = 0;
      for (const [pattern, glob] of globs) {
        const range = rangeOf(pattern);
        for (let after = ''; ; ) {
          const rows = await store.scan(scope, { range, after, by: null, limit: rowsPerScan });
          for (const row of rows) {
            after = row.path;
            if (presenceOf(row.deletedAtMicros, now) !== 'living' || !glob.matches(row.path)) continue;
            if (!caller.judge('list', policyPathOf(scope, row.path)).allowed || paths.has(row.path)) continue;
            if (paths.size === mostMatches) return { paths: [...paths], isTruncated: true };
            paths.add(row.path);
          }
          looked += rows.length;
          if (rows.length < rowsPerScan) break;
          if (looked >= mostRows) return { paths: [...paths], isTruncated: true };
        }
      }
      return { paths: [...paths], isTruncated: false };
    };

    const { paths, isTruncated } = request.expandsWildcards
      ? await expand()
      : { paths: request.paths, isTruncated: false };
    const outcome = await settleItems(paths, road, (items) => {
      const described = lookedUpOnce(items, (owner, permitted) => store.describe(owner, permitted));
      return async (item): Promise<DescribedSecret> => {
        const found = await described(item);
        const facts = requireLiving(caller, item, found?.facts, clock());
        return { facts, versionCount: found?.versionCount ?? 0 };
      };
    });
    return { outcome, isTruncated };
  };

export type BatchMetadata = ReturnType<typeof createBatchMetadata>;
