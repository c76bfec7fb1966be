import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyChain, openLocalKeyWrapper } from '@scaivault/crypto';
import { loadCursorKey, openDatabase } from '@scaivault/db';
import { createMetrics } from '@scaivault/runtime';
import {
  createCursorCodec,
  type PartnerId,
  parseSecretPath,
  policyPathOf,
  type Scope,
  type TenantId,
  tenantScope,
} from '@scaivault/tenancy';
import { createTestDatabase } from '@scaivault/testkit';
import { pino } from 'pino';
import { createPathCursors } from '../src/adapters/path-cursors.ts';
import { createSecretCipher } from '../src/adapters/secret-cipher.ts';
import { createDeleteSecret } from '../src/app/delete-secret.ts';
import { createListSecrets, type ListRequest } from '../src/app/list-secrets.ts';
import { createListVersions } from '../src/app/list-versions.ts';
import { createPutSecret, type PutRequest } from '../src/app/put-secret.ts';
import { createReadSecret } from '../src/app/read-secret.ts';
import { createRestoreSecret } from '../src/app/restore-secret.ts';
import { createTurns } from '../src/app/turns.ts';
import { createKeyVersionTable } from '../src/store/key-version-table.ts';
import { secretsMigrations } from '../src/store/migrations.ts';
import { createSecretStore } from '../src/store/secret-store.ts';

export const scopeOf = (tenant: string, partner = 'ptn_x'): Scope =>
  tenantScope(tenant as TenantId, partner as PartnerId);

export const tenantA = scopeOf('tnt_a');

const target = (text: string, scope: Scope) => {
  const path = parseSecretPath(text);
  return { scope, path, policyPath: policyPathOf(scope, path) };
};

type Judge = Parameters<ReturnType<typeof createListSecrets>>[0]['judge'];
const allowed = { allowed: true, policyId: 'pol_1', policyName: 'all', ruleIndex: 0 } as const;
const denied = {
  ...allowed,
  allowed: false,
  reason: 'no_matching_rule',
  code: 'access_denied',
  failedCondition: null,
  mfaMaxAge: null,
} as const;

/** A caller whose policies are a function of permission and path. */
export const callerWho = (may: (permission: string, path: string) => boolean, scope = tenantA) => ({
  identityId: 'user:ada@example.com',
  scope,
  judge: ((permission, path) => (may(permission, path) ? allowed : denied)) as Judge,
});

export const anyone = callerWho(() => true);

const startMs = Date.parse('2027-01-01T00:00:00Z');

/** The use cases on a database and a key file of their own, with a clock that stands until it is moved. */
export const openVault = async (options: { maxDataBytes?: number; poolSize?: number } = {}) => {
  const database = await createTestDatabase({ migrations: [secretsMigrations] });
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-secrets-'));
  const keyFile = join(folder, 'root.key');
  await writeFile(keyFile, randomBytes(32), { mode: 0o600 });
  const open = (role: string) =>
    openDatabase({
      url: database.url,
      role,
      schema: 'secrets',
      applicationName: 'test',
      poolSize: options.poolSize ?? 4,
      statementTimeoutMs: 10_000,
    });
  // The login of the tests owns everything, and no row is hidden from it.
  const owner = open(new URL(database.url).username);
  const logLines: string[] = [];
  const metrics = createMetrics('test', '0', 'test');
  const wrapper = await openLocalKeyWrapper({ keyFile, create: false });
  let nowMs = startMs;

  const openProcess = async () => {
    const db = open('scaivault_secrets');
    const keyStore = createKeyVersionTable(db);
    const keys = createKeyChain({
      wrapper,
      store: keyStore,
      protection: 'chain',
      cacheTtlMs: 300_000,
      cacheMax: 100,
      graceMs: 0,
      nowMs: () => performance.now(),
    });
    const cipher = createSecretCipher({
      keys,
      metrics,
      logger: pino({ level: 'debug' }, { write: (line) => logLines.push(line) }),
    });
    const store = createSecretStore(db);
    const clock = (): number => nowMs * 1000;
    const cursorKey = await loadCursorKey(db);
    const cursorNow = (): number => nowMs;
    const putSecret = createPutSecret({
      store,
      cipher,
      clock,
      inTurn: createTurns(),
      maxDataBytes: options.maxDataBytes ?? 1_048_576,
    });
    const readSecret = createReadSecret({ store, cipher, clock });
    const deleteSecret = createDeleteSecret({ store, clock });
    const restoreSecret = createRestoreSecret({ store, clock });
    const listVersions = createListVersions({
      store,
      clock,
      cursors: createCursorCodec({ key: cursorKey, nowMs: cursorNow }),
    });
    const listSecrets = createListSecrets({
      store,
      clock,
      cursors: createPathCursors({ key: cursorKey, nowMs: cursorNow }),
    });

    return {
      db,
      store,
      keyStore,
      cipher,
      put: (path: string, request: Partial<PutRequest> & { json?: unknown } = {}, scope = tenantA) => {
        const { json = { value: path }, ...rest } = request;
        return putSecret(anyone, target(path, scope), {
          data: Buffer.from(JSON.stringify(json)),
          secretType: undefined,
          metadata: undefined,
          maxVersions: undefined,
          expiresIn: undefined,
          ...rest,
        });
      },
      read: async (
        path: string,
        version?: number,
        { caller = anyone, scope = tenantA, ifNoneMatch = undefined as string | undefined } = {},
      ) => {
        const { data, ...rest } = await readSecret(caller, target(path, scope), { version, ifNoneMatch });
        return {
          ...rest,
          json: data === undefined ? undefined : (JSON.parse(Buffer.from(data).toString()) as unknown),
        };
      },
      remove: (path: string, { permanent = false, ifMatch = undefined as string | undefined, caller = anyone } = {}) =>
        deleteSecret(caller, target(path, tenantA), { permanent, ifMatch }),
      restore: (path: string) => restoreSecret(anyone as never, target(path, tenantA)),
      versions: (path: string, { limit = 100, cursor = undefined as string | undefined, caller = anyone } = {}) =>
        listVersions(caller, target(path, tenantA), { limit, cursor }),
      list: (request: Partial<ListRequest> = {}, caller = anyone) =>
        listSecrets(caller, {
          prefix: undefined,
          tags: [],
          secretType: undefined,
          includeDeleted: false,
          limit: 100,
          cursor: undefined,
          ...request,
        }),
    };
  };

  const processes = [await openProcess()];
  return {
    ...(processes[0] as Awaited<ReturnType<typeof openProcess>>),
    /** Another process at the same database. */
    another: async () => {
      const process = await openProcess();
      processes.push(process);
      return process;
    },
    admin: owner.sql,
    wrapper,
    logLines,
    metrics,
    passDays: (days: number) => {
      nowMs += days * 86_400_000;
    },
    passSeconds: (seconds: number) => {
      nowMs += seconds * 1000;
    },
    close: async () => {
      for (const { db } of processes) await db.close();
      await owner.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
};

export type Vault = Awaited<ReturnType<typeof openVault>>;
