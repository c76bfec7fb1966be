import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { succeeded } from './grant.ts';
import { until } from './until.ts';

/** An audit row as the API shows it (rest-api-core 7.1). */
export interface AuditRow {
  readonly id: string;
  readonly event_seq: number;
  readonly tenant_id: string;
  readonly action: string;
  readonly identity_type: string;
  readonly identity_id: string;
  readonly secret_path: string | null;
  readonly success: boolean;
  readonly error_code: string | null;
  readonly policy_id: string | null;
  readonly request_id: string;
  readonly extra_data: Readonly<Record<string, unknown>>;
}

/** All audit rows of the token's tenant, oldest first, page by page. */
export const allAuditRows = async (vault: Vault, query = ''): Promise<readonly AuditRow[]> => {
  const rows: AuditRow[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${cursor}`;
    const page: Answer = succeeded(
      await vault.request('GET', `/v1/audit/logs?order=asc&limit=1000${query === '' ? '' : `&${query}`}${from}`),
    );
    rows.push(...page.json.logs);
    cursor = page.json.has_more ? page.json.cursor : null;
  } while (cursor !== null);
  return rows;
};

/**
 * The rows of one request, once so many of them are there: delivery is asynchronous (rest-api-core 7.1), and what a call
 * leaves for each of its items need not come at once.
 */
export const auditRowsOf = (
  vault: Vault,
  answer: Answer,
  { token, tenant, atLeast = 1 }: { readonly token?: string; readonly tenant?: string; readonly atLeast?: number } = {},
): Promise<readonly AuditRow[]> => {
  const requestId = answer.headers.get('x-request-id') ?? '';
  const below = tenant === undefined ? '' : `/t/${tenant}`;
  return until(`audit rows of ${requestId}`, async () => {
    const found = await vault.request('GET', `/v1${below}/audit/logs?request_id=${requestId}`, {
      ...(token === undefined ? {} : { token }),
    });
    const { logs } = succeeded(found).json;
    return logs.length < atLeast ? undefined : logs;
  });
};

/** The numbers that the rows of a tenant have been given, rising, as they stand in the table at one moment. */
export const eventNumbers = async (vault: Vault, tenant = 'tnt_acme_prod'): Promise<readonly number[]> => {
  const sql = await vault.openDatabase();
  try {
    const rows = await sql`select event_seq from audit.log where scope_id = ${`t:${tenant}`} order by event_seq`;
    return rows.map(({ event_seq }) => Number(event_seq));
  } finally {
    await sql.end();
  }
};
