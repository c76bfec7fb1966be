import postgres from 'postgres';
import { parseConnectionTarget } from './connection-target.ts';

export interface OperatorSession extends AsyncDisposable {
  readonly sql: postgres.Sql;
}

/** One session as the login user itself, for commands that end: migrations and their check. */
export const openOperatorSession = (
  { url, caFile }: { readonly url: string; readonly caFile?: string },
  applicationName: string,
): OperatorSession => {
  const target = parseConnectionTarget(url, caFile);
  const sql = postgres({
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    database: target.database,
    ssl: target.tls,
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    connection: { application_name: applicationName, TimeZone: 'UTC', statement_timeout: 0 },
    onnotice: () => {},
  });
  return { sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) };
};
