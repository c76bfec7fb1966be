import type { Caller } from '@scaivault/pipeline';
import { type PathPrefix, policyPathOf, scopeId } from '@scaivault/tenancy';
import { presenceOf } from '../domain/recovery.ts';
import type { PathCursors, ScannedSecret, SecretScan, SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';

export interface ListRequest {
  readonly prefix: PathPrefix | undefined;
  readonly tags: readonly string[];
  readonly secretType: string | undefined;
  readonly includeDeleted: boolean;
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface ListResult {
  readonly secrets: readonly ScannedSecret[];
  /** Undefined: no rows are left to look at. */
  readonly cursor: string | undefined;
}

/** Rows looked at for one page, by its limit (rest-api-core 1.5). */
const scanFactor = 10;

const narrowBy = ({ tags: [tag], secretType }: ListRequest): SecretScan['by'] => {
  if (tag !== undefined) return { tag };
  return secretType === undefined ? null : { secretType };
};

/** Whether a row belongs to the answer; only the caller's own policies can tell, row by row. */
const isShown = (
  caller: Pick<Caller, 'judge' | 'scope'>,
  request: ListRequest,
  row: ScannedSecret,
  nowMicros: number,
): boolean => {
  if (request.secretType !== undefined && row.secretType !== request.secretType) return false;
  if (!request.tags.every((tag) => row.tags.includes(tag))) return false;
  const presence = presenceOf(row.deletedAtMicros, nowMicros);
  if (presence === 'gone' || (presence === 'deleted' && !request.includeDeleted)) return false;
  const policyPath = policyPathOf(caller.scope, row.path);
  if (presence === 'deleted' && !caller.judge('write', policyPath).allowed) return false;
  return caller.judge('list', policyPath).allowed;
};

/**
 * Lists the secrets that the caller may list, in byte order of the path. One index narrows the scan (the first tag, else
 * the type, else the prefix), the rest is compared here, so that a page costs at most ten rows for each it may hold
 * however many secrets there are.
 */
export const createListSecrets =
  ({
    store,
    cursors,
    clock,
  }: {
    readonly store: Pick<SecretStore, 'scan'>;
    readonly cursors: PathCursors;
    readonly clock: Clock;
  }) =>
  async (caller: Pick<Caller, 'judge' | 'scope'>, request: ListRequest): Promise<ListResult> => {
    const { prefix, secretType, includeDeleted, limit } = request;
    const tags = [...new Set(request.tags)].sort();
    const binding = {
      scopeId: scopeId(caller.scope),
      route: 'ListSecrets',
      filters: { prefix: prefix?.text, tags, secretType, includeDeleted },
    };
    const now = clock();
    const mostRows = limit * scanFactor;
    const secrets: ScannedSecret[] = [];
    let after = request.cursor === undefined ? '' : cursors.open(binding, request.cursor);
    let scanned = 0;

    while (secrets.length < limit && scanned < mostRows) {
      // One more than a full page, so that most lists know from one query whether something follows.
      const wanted = Math.min(limit + 1, mostRows - scanned);
      const rows = await store.scan(caller.scope, {
        range: prefix?.range() ?? null,
        after,
        by: narrowBy(request),
        limit: wanted,
      });
      for (const row of rows) {
        if (secrets.length === limit) return { secrets, cursor: cursors.seal(binding, after) };
        after = row.path;
        scanned += 1;
        if (isShown(caller, request, row, now)) secrets.push(row);
      }
      if (rows.length < wanted) return { secrets, cursor: undefined };
    }
    return { secrets, cursor: cursors.seal(binding, after) };
  };

export type ListSecrets = ReturnType<typeof createListSecrets>;
