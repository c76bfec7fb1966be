import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyChain, openLocalKeyWrapper } from '@scaivault/crypto';
import { type Database, loadCursorKey, openDatabase } from '@scaivault/db';
import { createDatabaseObjectStore, type ObjectStore } from '@scaivault/object-store';
import type { Caller } from '@scaivault/pipeline';
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
import { createMemoryAudit, createTestDatabase } from '@scaivault/testkit';
import { pino } from 'pino';
import { createIntegrityAlarm } from '../src/adapters/integrity-alarm.ts';
import { createPathCursors } from '../src/adapters/path-cursors.ts';
import { createSecretCipher } from '../src/adapters/secret-cipher.ts';
import { createValueObjects } from '../src/adapters/value-objects.ts';
import { createAccessRecorder } from '../src/app/access-recorder.ts';
import type { GenerateValue } from '../src/app/generate-value.ts';
import type { ExpiringRequest } from '../src/app/list-expiring.ts';
import type { ListRequest } from '../src/app/list-secrets.ts';
import type { PutRequest } from '../src/app/put-secret.ts';
import type { RotateRequest } from '../src/app/rotate-secret.ts';
import { createSweepDueSecrets, type DueEvent } from '../src/app/sweep-due-secrets.ts';
import { createSweepLooseObjects } from '../src/app/sweep-loose-objects.ts';
import { createTellAccess } from '../src/app/tell-access.ts';
import { createTurns } from '../src/app/turns.ts';
import type { UpdateMetadataRequest } from '../src/app/update-metadata.ts';
import { createSecretsUseCases } from '../src/app/use-cases.ts';
import type { SecretPlace } from '../src/ports.ts';
import { createAccessEvents } from '../src/store/access-events.ts';
import { createAccessTimes } from '../src/store/access-times.ts';
import { createDueSecrets } from '../src/store/due-secrets.ts';
import { createKeyVersionTable } from '../src/store/key-version-table.ts';
import { createLooseObjectTable } from '../src/store/loose-object-table.ts';
import { secretsMigrations } from '../src/store/migrations.ts';
import { createSecretPolicyStore } from '../src/store/secret-policy-store.ts';
import { createSecretStore } from '../src/store/secret-store.ts';

export const scopeOf = (tenant: string, partner = 'ptn_x'): Scope =>
  tenantScope(tenant as TenantId, partner as PartnerId);

export const tenantA = scopeOf('tnt_a');

export const target = (text: string, scope: Scope) => {
  const path = parseSecretPath(text);
  return { scope, path, policyPath: policyPathOf(scope, path) };
};

type Judge = Caller['judge'];
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
  identityType: 'user' as const,
  request: { requestId: 'req_1', sourceIp: '192.0.2.1' },
  scope: scope.kind === 'tenant' ? scope : tenantA,
  objectScope: scope,
  partnerId: scope.partnerId,
  judge: ((permission, path) => (may(permission, path) ? allowed : denied)) as Judge,
});

export const anyone = callerWho(() => true);

/** A write that says nothing but its value. */
export const noSettings = {
  secretType: undefined,
  maxVersions: undefined,
  expiresIn: undefined,
  notifyBefore: undefined,
  rotationPolicyId: undefined,
  secretPolicyId: undefined,
  nulls: [],
} as const;

const startMs = Date.parse('2027-01-01T00:00:00Z');

export interface VaultOptions {
  readonly maxDataBytes?: number;
  readonly poolSize?: number;
  readonly generateValue?: GenerateValue;
  readonly thresholdBytes?: number;
  /** The object store of one process; that of the database when left out. */
  readonly openObjects?: (db: Database) => ObjectStore | Promise<ObjectStore>;
}

/** The use cases on a database and a key file of their own, with a clock that stands until it is moved. */
export const openVault = async (options: VaultOptions = {}) => {
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
  const logger = pino({ level: 'debug' }, { write: (line) => logLines.push(line) });
  const metrics = createMetrics('test', '0', 'test');
  const events: (SecretPlace & DueEvent)[] = [];
  const { audit, journal } = createMemoryAudit('system:secrets');
  const failures: unknown[] = [];
  const listened = new Set<string>();
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
    const clock = (): number => nowMs * 1000;
    const objects = await (options.openObjects ?? createDatabaseObjectStore)(db);
    const looseObjects = createLooseObjectTable(db);
    const cipher = createSecretCipher({
      keys,
      objects: createValueObjects({ objects, looseObjects, clock }),
      thresholdBytes: options.thresholdBytes ?? 65_536,
      alarm: createIntegrityAlarm({ logger, metrics }),
    });
    const store = createSecretStore(db);
    const onFailure = (error: unknown): void => void failures.push(error);
    const recorder = createAccessRecorder({ times: createAccessTimes(db), clock, onFailure });
    const cursorKey = await loadCursorKey(db);
    const cursorNow = (): number => nowMs;
    const policies = createSecretPolicyStore(db);
    const useCases = createSecretsUseCases({
      store,
      policies,
      cipher,
      recorder,
      tellAccess: createTellAccess({
        isListened: (scope) => listened.has(scope),
        accessEvents: createAccessEvents(db),
        clock,
      }),
      generateValue: options.generateValue ?? (() => Promise.reject(new Error('This test generates no values.'))),
      versionCursors: createCursorCodec({ key: cursorKey, nowMs: cursorNow }),
      pathCursors: createPathCursors({ key: cursorKey, nowMs: cursorNow }),
      inTurn: createTurns(),
      clock,
      maxDataBytes: options.maxDataBytes ?? 1_048_576,
    });

    return {
      db,
      store,
      keyStore,
      cipher,
      policies,
      objects,
      looseObjects,
      recorder,
      sweepDueSecrets: createSweepDueSecrets({
        dueSecrets: createDueSecrets(db),
        audit,
        clock,
        tell: (place, event) => events.push({ ...place, ...event }),
        onFailure,
      }),
      sweepLooseObjects: createSweepLooseObjects({ looseObjects, objects, clock }),
      useCases,
      put: (path: string, request: Partial<PutRequest> & { json?: unknown } = {}, scope = tenantA) => {
        const { json = { value: path }, ...rest } = request;
        return useCases.putSecret(
          callerWho(() => true, scope),
          target(path, scope),
          {
            data: Buffer.from(JSON.stringify(json)),
            ...noSettings,
            generateFrom: undefined,
            metadata: undefined,
            ...rest,
          },
        );
      },
      read: async (
        path: string,
        version?: number,
        { caller = anyone, scope = tenantA, ifNoneMatch = undefined as string | undefined } = {},
      ) => {
        const { data, ...rest } = await useCases.readSecret(caller, target(path, scope), { version, ifNoneMatch });
        return {
          ...rest,
          json: data === undefined ? undefined : (JSON.parse(Buffer.from(data).toString()) as unknown),
        };
      },
      remove: (path: string, { permanent = false, ifMatch = undefined as string | undefined, caller = anyone } = {}) =>
        useCases.deleteSecret(caller, target(path, tenantA), { permanent, ifMatch }),
      restore: (path: string) => useCases.restoreSecret(anyone as never, target(path, tenantA)),
      rotate: (path: string, request: Partial<RotateRequest> & { json?: unknown } = {}, caller = anyone) => {
        const { json, ...rest } = request;
        return useCases.rotateSecret(caller, target(path, tenantA), {
          data: json === undefined ? undefined : Buffer.from(JSON.stringify(json)),
          secretPolicyId: undefined,
          gracePeriod: undefined,
          reason: undefined,
          ifMatch: undefined,
          ...rest,
        });
      },
      destroy: (path: string, versions: readonly number[], caller = anyone) =>
        useCases.destroyVersions(caller, target(path, tenantA), versions),
      metadata: (path: string, caller = anyone) => useCases.readMetadata(caller, target(path, tenantA)),
      update: (path: string, request: Partial<UpdateMetadataRequest> = {}, caller = anyone) =>
        useCases.updateMetadata(caller, target(path, tenantA), {
          ...noSettings,
          metadata: undefined,
          ifMatch: undefined,
          ...request,
        }),
      versions: (path: string, { limit = 100, cursor = undefined as string | undefined, caller = anyone } = {}) =>
        useCases.listVersions(caller, target(path, tenantA), { limit, cursor }),
      list: (request: Partial<ListRequest> = {}, caller = anyone) =>
        useCases.listSecrets(caller, {
          prefix: undefined,
          tags: [],
          secretType: undefined,
          includePartner: false,
          includeDeleted: false,
          limit: 100,
          cursor: undefined,
          ...request,
        }),
      expiring: (request: Partial<ExpiringRequest> = {}, caller = anyone) =>
        useCases.listExpiring(caller, {
          within: undefined,
          prefix: undefined,
          includeExpired: false,
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
    /** What sweeps have told. */
    events,
    /** Rows that sweeps have left. */
    rows: journal.outcomes,
    /** Scopes in which somebody listens to reads. */
    listened,
    /** What went wrong in the background. */
    failures,
    passDays: (days: number) => {
      nowMs += days * 86_400_000;
    },
    passSeconds: (seconds: number) => {
      nowMs += seconds * 1000;
    },
    close: async () => {
      for (const { db, objects } of processes) {
        await objects.close();
        await db.close();
      }
      await owner.close();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
};

export type Vault = Awaited<ReturnType<typeof openVault>>;
