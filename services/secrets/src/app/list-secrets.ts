import type { Caller } from '@scaivault/pipeline';
import { type PathPrefix, policyPathOf, type Scope, scopeId } from '@scaivault/tenancy';
import { type ListedPart, listedParts, listedPath, scanOfPart } from '../domain/listed-part.ts';
import { presenceOf } from '../domain/recovery.ts';
import type { PathCursors, ScannedSecret, SecretScan, SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';

export interface ListRequest {
  readonly prefix: PathPrefix | undefined;
  readonly tags: readonly string[];
  readonly secretType: string | undefined;
  readonly includePartner: boolean;
  readonly includeDeleted: boolean;
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface ListedSecret extends Omit<ScannedSecret, 'path'> {
  readonly scope: Scope;
  /** `partner/<path>` for a partner's secret in a tenant's list. */
  readonly path: string;
}

export interface ListResult {
  readonly secrets: readonly ListedSecret[];
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
  caller: Pick<Caller, 'judge'>,
  request: ListRequest,
  scope: Scope,
  row: ScannedSecret,
  nowMicros: number,
): boolean => {
  if (request.secretType !== undefined && row.secretType !== request.secretType) return false;
  if (!request.tags.every((tag) => row.tags.includes(tag))) return false;
  const presence = presenceOf(row.deletedAtMicros, nowMicros);
  if (presence === 'gone' || (presence === 'deleted' && !request.includeDeleted)) return false;
  const policyPath = policyPathOf(scope, row.path);
  if (presence === 'deleted' && !caller.judge('write', policyPath).allowed) return false;
  return caller.judge('list', policyPath).allowed;
};

/**
 * Lists the secrets that the caller may list, in byte order of the listed path. One index narrows the scan (the first
 * tag, else the type, else the prefix), the rest is compared here, so that a page costs at most ten rows for each it may
 * hold however many secrets there are.
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
  async (caller: Pick<Caller, 'judge' | 'objectScope'>, request: ListRequest): Promise<ListResult> => {
    const { prefix, secretType, includePartner, includeDeleted, limit } = request;
    const tags = [...new Set(request.tags)].sort();
    const binding = {
      scopeId: scopeId(caller.objectScope),
      route: 'ListSecrets',
      filters: { prefix: prefix?.text, tags, secretType, includePartner, includeDeleted },
    };
    const now = clock();
    const mostRows = limit * scanFactor;
    const secrets: ListedSecret[] = [];
    let after = request.cursor === undefined ? '' : cursors.open(binding, request.cursor);
    let scanned = 0;

    /** Takes rows of a part until it is exhausted (true) or the page is full (false). */
    const takeFrom = async (part: ListedPart): Promise<boolean> => {
      while (scanned < mostRows) {
        const scan = scanOfPart(part, prefix, after);
        if (scan === undefined) return true;
        // One more than a full page, so that most lists know from one query whether something follows.
        const wanted = Math.min(limit + 1, mostRows - scanned);
        const rows = await store.scan(part.scope, { ...scan, by: narrowBy(request), limit: wanted });
        for (const row of rows) {
          if (secrets.length === limit) return false;
          const path = listedPath(part, row.path);
          after = path;
          scanned += 1;
          if (isShown(caller, request, part.scope, row, now)) secrets.push({ ...row, path, scope: part.scope });
        }
        if (rows.length < wanted) return true;
      }
      return false;
    };

    for (const part of listedParts(caller.objectScope, includePartner)) {
      if (!(await takeFrom(part))) return { secrets, cursor: cursors.seal(binding, after) };
    }
    return { secrets, cursor: undefined };
  };

export type ListSecrets = ReturnType<typeof createListSecrets>;
