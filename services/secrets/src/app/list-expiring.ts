import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { type PathPrefix, parseDuration, policyPathOf, scopeId } from '@scaivault/tenancy';
import type { ExpiringSecret, ExpiryPosition, PathCursors, SecretStore } from '../ports.ts';
import type { Clock } from './clock.ts';

export interface ExpiringRequest {
  readonly within: string | undefined;
  readonly prefix: PathPrefix | undefined;
  readonly includeExpired: boolean;
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface ExpiringResult {
  readonly secrets: readonly ExpiringSecret[];
  readonly nowMicros: number;
  /** Undefined: no rows are left to look at. */
  readonly cursor: string | undefined;
}

const defaultWithin = '30d';
/** Rows looked at for one page, by its limit (rest-api-core 1.5). */
const scanFactor = 10;
/** Behind every path: their bytes end at 'z'. */
const behindAll = '~';

const toText = ({ expiresAtMicros, path }: ExpiryPosition): string => `${expiresAtMicros} ${path}`;

const toPosition = (text: string): ExpiryPosition => {
  const [micros, path] = text.split(' ');
  if (path === undefined || !Number.isSafeInteger(Number(micros))) {
    throw new VaultError('invalid_cursor', 'The cursor is not valid for this list. Start again without it.');
  }
  return { expiresAtMicros: Number(micros), path };
};

/** Lists secrets whose current version expires within a time, the soonest first (rest-api-core 4.3, `:expiring`). */
export const createListExpiring =
  ({
    store,
    cursors,
    clock,
  }: {
    readonly store: Pick<SecretStore, 'scanExpiring'>;
    readonly cursors: PathCursors;
    readonly clock: Clock;
  }) =>
  async (caller: Pick<Caller, 'judge' | 'objectScope'>, request: ExpiringRequest): Promise<ExpiringResult> => {
    const { objectScope: scope } = caller;
    const { prefix, includeExpired, limit, within = defaultWithin } = request;
    const binding = {
      scopeId: scopeId(scope),
      route: 'ListExpiring',
      filters: { prefix: prefix?.text, within, includeExpired },
    };
    const now = clock();
    const untilMicros = now + parseDuration(within, { field: 'within' }).seconds * 1_000_000;
    const first = includeExpired ? { expiresAtMicros: 0, path: '' } : { expiresAtMicros: now, path: behindAll };
    const mostRows = limit * scanFactor;
    const secrets: ExpiringSecret[] = [];
    let after: ExpiryPosition =
      request.cursor === undefined ? first : toPosition(cursors.open(binding, request.cursor));
    let scanned = 0;

    while (scanned < mostRows) {
      const wanted = Math.min(limit + 1, mostRows - scanned);
      const rows = await store.scanExpiring(scope, { after, untilMicros, limit: wanted });
      for (const row of rows) {
        if (secrets.length === limit) return { secrets, nowMicros: now, cursor: cursors.seal(binding, toText(after)) };
        after = { expiresAtMicros: row.expiresAtMicros, path: row.path };
        scanned += 1;
        if (prefix !== undefined && !prefix.covers(row.path)) continue;
        if (caller.judge('list', policyPathOf(scope, row.path)).allowed) secrets.push(row);
      }
      if (rows.length < wanted) return { secrets, nowMicros: now, cursor: undefined };
    }
    return { secrets, nowMicros: now, cursor: cursors.seal(binding, toText(after)) };
  };

export type ListExpiring = ReturnType<typeof createListExpiring>;
