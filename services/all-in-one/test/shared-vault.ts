import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { borrowVault, type Loan } from '@scaivault/testkit/borrow-vault';
import type { Shape, Vault, VaultAccess } from '@scaivault/testkit/start-vault';
import { succeeded } from './grant.ts';
import { ownProxies } from './through-proxy.ts';
import { unlimited } from './unlimited-vault.ts';

/** The one limit of the shared vault, far from what any file reads. */
export const readsPerMinute = 1_000_000;

/** Nothing is sealed here: the first seal of a tenant makes keys, which would look like the work of an attack. */
const quiet = {
  ...unlimited,
  RATE_LIMIT_SECRETS_READ: String(readsPerMinute),
  AUDIT_SEAL_INTERVAL: '1d',
  TRUSTED_PROXIES: ownProxies,
};

/** Seals at once, tells all it can, and sends events to this machine. */
const watched = {
  ...unlimited,
  AUDIT_SEAL_INTERVAL: '1s',
  LOG_LEVEL: 'debug',
  METRICS_BIND_ADDRESS: '',
  OUTBOUND_ALLOWED_CIDRS: '127.0.0.0/8',
};

/** Policies decide about everybody's requests; whoever made them, the next file begins without. */
const removePolicies = async (vault: VaultAccess): Promise<void> => {
  const token = await vault.mint({ sub: 'root@scailabs.example' });
  const sql = await vault.openDatabase();
  const policies = await sql`
    select id, starts_with(scope_id, 'p:') as "isOfPartner", substr(scope_id, 3) as owner from policy.policy`;
  await sql.end();
  for (const { id, isOfPartner, owner } of policies) {
    const place = isOfPartner ? '/v1' : `/v1/t/${owner}`;
    const headers = isOfPartner ? { 'x-partner-id': owner } : {};
    succeeded(await vault.request('DELETE', `${place}/policies/${id}?force=true`, { token, headers }));
  }
};

/** What a file changes for those after it, wherever its own secrets lie: rules, listeners, people. */
const readState = async (vault: VaultAccess): Promise<unknown> => {
  const sql = await vault.openDatabase();
  const tables = ['policy.policy', 'policy.rate_limit', 'events.webhook', 'events.subscription'];
  const rows = await Promise.all(tables.map((name) => sql`select * from ${sql(name)}`));
  await sql.end();
  const { directory, waitingEvents } = JSON.parse(await readFile(join(vault.dataDir, 'scaikey-emulator.json'), 'utf8'));
  const text = JSON.stringify({ rows, directory, waitingEvents });
  return JSON.parse(text, (name, value) => (/^(updated|added)_at$/.test(name) ? null : value));
};

/** A vault that others use before and after. */
export type SharedVault = Vault & Pick<Loan, 'restart'>;

const borrow = async (shape: Shape, env: Readonly<Record<string, string>>): Promise<SharedVault> => {
  const { vault, restart, giveBack } = await borrowVault({ shape, env });
  const before = await readState(vault);
  const isAsItWas = async (): Promise<boolean> => {
    await removePolicies(vault);
    return isDeepStrictEqual(before, await readState(vault));
  };
  return { ...vault, restart, [Symbol.asyncDispose]: async () => giveBack(await isAsItWas().catch(() => false)) };
};

/**
 * A vault for files that need nothing of their own but paths: they share it, one after the other. Policies are removed
 * behind each; one that leaves other traces (people changed, a webhook) costs the next a new vault.
 */
export const borrowUnlimited = (shape: Shape): Promise<SharedVault> => borrow(shape, quiet);

/** Such a one whose audit trail is sealed every second, which logs at the level debug and serves metrics. */
export const borrowWatched = (shape: Shape): Promise<SharedVault> => borrow(shape, watched);
