import type { Certificate } from '@scaivault/measure/ledger/ledger';
import { removeVaultFolder, type StartedVault, startVault } from '@scaivault/testkit/start-vault';
import { until } from '../../test/until.ts';
import type { Options } from './options.ts';
import { copySeed } from './seed.ts';
import { environmentOf } from './settings.ts';
import type { BenchShape } from './shapes.ts';

/** Audit rows that each answer of a kind leaves. */
export interface Trace {
  readonly action: string;
  readonly success: boolean;
  readonly rows: number;
}

/** A vault on a copy of the seed, with a book of what it has answered. */
export interface VaultUnderTest extends AsyncDisposable {
  readonly name: string;
  readonly vault: StartedVault;
  /** Tenant admin, and a service account that no policy opens anything for; both of tnt_acme_prod. */
  readonly tokens: { readonly admin: string; readonly stranger: string };
  /** Writes into the book that so many answers of a kind have been given. */
  noteAnswers(trace: Trace, answers: number): void;
  /** Whether the audit log holds, by kind, exactly what the book says; waits for what is still to be shipped. */
  certify(): Promise<readonly Certificate[]>;
}

const scope = 't:tnt_acme_prod';
const shippedWithinMs = 60_000;
const durability = ['fsync', 'full_page_writes', 'synchronous_commit'];

type Sql = Awaited<ReturnType<StartedVault['openDatabase']>>;

/** A database that need not reach the disk would flatter us. */
const requireDurable = async (sql: Sql): Promise<void> => {
  const off = await sql<{ name: string }[]>`
    select name from pg_settings where name = any(${durability}) and setting <> 'on'`;
  if (off.length > 0) throw new Error(`PostgreSQL runs without ${off.map(({ name }) => name).join(', ')}.`);
};

const lastNumber = async (sql: Sql): Promise<number> => {
  const [row] = await sql<
    { last: number }[]
  >`select event_seq::float8 as last from audit.head where scope_id = ${scope}`;
  return row?.last ?? 0;
};

const nameOf = ({ action, success }: Omit<Trace, 'rows'>): string => `${action}, ${success ? 'succeeded' : 'refused'}`;

const countRows = async (sql: Sql, after: number): Promise<ReadonlyMap<string, number>> => {
  const rows = await sql<{ action: string; success: boolean; count: number }[]>`
    select action, success, count(*)::float8 as count from audit.log
    where scope_id = ${scope} and event_seq > ${after} group by action, success`;
  return new Map(rows.map((row) => [nameOf(row), row.count]));
};

const openBook = (sql: Sql, target: string, after: number): Pick<VaultUnderTest, 'noteAnswers' | 'certify'> => {
  const answered = new Map<string, number>();
  const look = async (): Promise<readonly Certificate[]> => {
    const found = await countRows(sql, after);
    return [...answered].map(([of, count]) => ({ target, of, answered: count, rows: found.get(of) ?? 0 }));
  };
  const lookWhenShipped = async (): Promise<readonly Certificate[] | undefined> => {
    const all = await look();
    return all.every(({ rows, answered: count }) => rows >= count) ? all : undefined;
  };
  return {
    noteAnswers: (trace, answers) =>
      void answered.set(nameOf(trace), (answered.get(nameOf(trace)) ?? 0) + answers * trace.rows),
    certify: () => until('audit rows for all answers', lookWhenShipped, shippedWithinMs).catch(look),
  };
};

/** Starts a vault of that shape on a copy of the seed; it ends with its folder. */
export const openVaultUnderTest = async (shape: BenchShape, options: Options): Promise<VaultUnderTest> => {
  const dataDir = await copySeed(options.secrets);
  const env = { ...environmentOf(options), ...shape.env };
  const vault = await startVault({ shape: shape.shape, dataDir, env }).catch(async (error: unknown) => {
    await removeVaultFolder(dataDir);
    throw error;
  });
  const sql = await vault.openDatabase();
  const dispose = async (): Promise<void> => {
    await sql.end();
    await vault.stop();
    await removeVaultFolder(dataDir);
  };
  try {
    await requireDurable(sql);
    return {
      name: shape.name,
      vault,
      tokens: { admin: vault.token, stranger: await vault.mint({ sub: 'sa:ci' }) },
      ...openBook(sql, shape.name, await lastNumber(sql)),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
};
