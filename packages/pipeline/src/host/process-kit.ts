import { join } from 'node:path';
import { AuditIngestService } from '@scaivault/contracts/audit/v1/audit';
import { IdentityFeedService } from '@scaivault/contracts/identity/v1/identity';
import { PolicyFeedService } from '@scaivault/contracts/policy/v1/policy';
import { RateLimitFeedService } from '@scaivault/contracts/policy/v1/rate_limits';
import { isVaultError } from '@scaivault/errors';
import { createClient, type Interceptor, type ModuleDependencies, type Worker } from '@scaivault/runtime';
import { type AuditTrail, abandonedRecord, createAuditTrail } from '../audit/audit-trail.ts';
import { createNoteAuthFailure, type NoteAuthFailure } from '../audit/note-auth-failure.ts';
import type { TokenVerifier } from '../authenticate/token-verifier.ts';
import { type Authenticate, createAuthenticate } from '../gate.ts';
import { type Journal, type JournalOptions, openJournal } from '../journal/journal.ts';
import { openBuckets } from '../limit/open-buckets.ts';
import { createRateLimiter, type RateLimiter } from '../limit/rate-limiter.ts';
import { createPipeline } from '../pipeline.ts';
import { createIdentityReplica } from '../replica/identity-replica.ts';
import { createPolicyReplica, type PolicySource } from '../replica/policy-replica.ts';
import type { IdentityDirectory } from '../resolve/identity-directory.ts';
import { openViolations } from '../violations/open-violations.ts';
import { openBearerVerifier } from './open-bearer-verifier.ts';
import { openIssuers } from './open-issuers.ts';
import type { ProcessHealth } from './process-health.ts';
import { shipAbandonedJournals } from './ship-abandoned-journals.ts';

/** What every process of ours has beside its services: the road in front of them and the journal beneath them. */
export interface ProcessKit {
  readonly intercept: Interceptor;
  readonly authenticate: Authenticate;
  /** Any token's content, for those who are asked about one. */
  readonly verify: TokenVerifier;
  /** Who callers are, as this process knows it. */
  readonly directory: IdentityDirectory;
  /** The policies in force, as this process knows them; only where it judges by them. */
  readonly policies: PolicySource;
  readonly noteAuthFailure: NoteAuthFailure;
  readonly limiter: RateLimiter;
  readonly audit: AuditTrail;
  /** Readiness of what the road needs. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  readonly health: ProcessHealth;
  /** Follows the owners of policies and identities and ships the journal; needs their services to be reachable. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What a process needs of the policy service to judge calls: all, rate limits only, or nothing, where it serves no RPC. */
export type JudgesBy = 'policies' | 'limits' | 'nothing';

export interface ProcessKitOptions extends ModuleDependencies {
  readonly judgesBy: JudgesBy;
  /** Name of the process; its journal lies in a folder of that name. */
  readonly name: string;
  /** This process, where it is one of several of that name. */
  readonly worker: Worker | undefined;
  /** True in the process that also ships journals whose owners are gone (audit-writer, all-in-one). */
  readonly adoptsJournals: boolean;
}

const shipping = { batchRecords: 500, batchBytes: 1_048_576 } as const;
/** How long a stop waits for the journal to be shipped; what is left is shipped by the next start. */
const drainMs = 2_000;
const journalAttempts = 50;
const journalPauseMs = 200;
/** Journals of other processes are looked for when those have had time to start and claim their own. */
const adoptAfterMs = 3_000;
/** One batch of audit records; a batch that takes longer is sent again, which stores nothing twice. */
const ingestTimeoutMs = 5_000;

/** The first worker has the folder of a process that serves alone, so that WORKERS may change from start to start. */
const journalName = (name: string, worker: Worker | undefined): string =>
  worker === undefined || worker.number === 1 ? name : `${name}-${worker.number}`;

/** Its journal may still be in the hands of a process that ships what a crash has left in it; that one lets go soon. */
const openOwnJournal = async (options: JournalOptions): Promise<Journal> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openJournal(options);
    } catch (error) {
      if (attempt === journalAttempts || !isVaultError(error, 'audit_unavailable')) throw error;
      await new Promise((resolve) => setTimeout(resolve, journalPauseMs));
    }
  }
};

/** Opens journal, replicas, token checks and limits of one process and composes the pipeline from them. */
export const openProcessKit = async (options: ProcessKitOptions): Promise<ProcessKit> => {
  const { config, logger, metrics, nowMs, judgesBy } = options;
  const onFailure = (what: string) => (error: unknown) =>
    logger.warn({ err: error }, `${what} failed; it is tried again`);

  const issuers = openIssuers(config, { nowMs, onFailure: onFailure("Fetching an identity provider's keys") });
  const verify = openBearerVerifier(config, issuers, { nowMs, onFailure: onFailure('Introspection') });
  const budgets = await openBuckets(options);

  const journalRoot = config.JOURNAL_DIR ?? join(config.DATA_DIR, 'journal');
  const ownJournal = journalName(options.name, options.worker);
  const journalOptions = {
    maxBytes: config.JOURNAL_MAX_BYTES,
    fsync: config.JOURNAL_FSYNC,
    nowMs,
    abandon: abandonedRecord,
    onAlarm: (alarm: object) => logger.error({ alarm: 'audit_journal', ...alarm }, 'The audit journal needs attention'),
  };
  const journal = await openOwnJournal({ ...journalOptions, directory: join(journalRoot, ownJournal) });
  const ingest = createClient(AuditIngestService, options.transportTo('audit-writer'));
  const store = async (records: readonly Uint8Array[]): Promise<void> => {
    await ingest.ingestAuditRecords({ records: [...records] }, { timeoutMs: ingestTimeoutMs });
  };
  const audit = createAuditTrail({ journal, metrics, ...(config.AUDIT_MODE === 'strict' ? { store } : {}) });

  const directory = createIdentityReplica({
    client: createClient(IdentityFeedService, options.transportTo('identity-sync')),
    maxStalenessMs: config.AUTHORITY_MAX_STALENESS,
    onFailure: onFailure('Following identity changes'),
  });
  const policies = createPolicyReplica({
    client: createClient(PolicyFeedService, options.transportTo('policy')),
    limits: createClient(RateLimitFeedService, options.transportTo('policy')),
    limitsOnly: judgesBy !== 'policies',
    maxStalenessMs: config.AUTHORITY_MAX_STALENESS,
    onFailure: onFailure('Following policy changes'),
  });

  const limiter = createRateLimiter({ buckets: budgets.buckets, limits: config.rateLimits, metrics });
  const authenticate = createAuthenticate({
    verify,
    limiter,
    onFailure: ({ code }) => metrics.authFailures.inc({ code }),
  });
  const noteAuthFailure = createNoteAuthFailure({ directory, audit, tenantClaims: issuers.tenantClaims });

  const violations = openViolations({
    transport: options.transportTo('events'),
    onFailure: onFailure('Telling of policy violations'),
  });

  const shipper = () => journal.ship(store, shipping);
  let shippingNow: ReturnType<typeof shipper> | undefined;
  let adopting: NodeJS.Timeout | undefined;
  let adopted: Promise<{ stop(): Promise<void> }> | undefined;
  const adopt = (): void => {
    adopted = shipAbandonedJournals(journalRoot, ownJournal, journalOptions, store);
    adopted.catch(onFailure('Shipping the journals of processes that are gone'));
  };
  const gauges = setInterval(() => {
    const { bytes, backlogRecords, oldestUnshippedMs } = journal.stats();
    metrics.journalBytes.set(bytes);
    metrics.journalBacklog.set(backlogRecords);
    metrics.journalOldestSeconds.set((oldestUnshippedMs ?? 0) / 1000);
  }, 1_000);
  gauges.unref();

  return {
    intercept: createPipeline({
      authenticate,
      directory,
      policies: judgesBy === 'policies' ? policies : undefined,
      limiter,
      overrides: policies,
      audit,
      noteAuthFailure,
      noteViolation: violations.note,
      metrics,
      logger,
      nowMs,
    }),
    authenticate,
    verify,
    directory,
    policies,
    noteAuthFailure,
    limiter,
    audit,
    checks: {
      ...(judgesBy === 'nothing' ? {} : { policies: () => policies.check() }),
      identities: () => directory.check(),
      ...budgets.checks,
    },
    health: {
      redis: budgets.redis,
      journal: () => {
        const { backlogRecords, oldestUnshippedMs, writable } = journal.stats();
        return { backlogRecords, oldestMs: oldestUnshippedMs, isWritable: writable };
      },
    },
    start: async () => {
      shippingNow = shipper();
      violations.start();
      if (options.adoptsJournals) adopting = setTimeout(adopt, adoptAfterMs).unref();
      await Promise.all([
        directory.start(),
        judgesBy === 'nothing' ? undefined : policies.start(),
        budgets.start(),
        issuers.refresh().catch(onFailure('Fetching keys')),
      ]);
    },
    stop: async () => {
      clearInterval(gauges);
      await violations.stop();
      issuers.stop();
      await Promise.all([directory.stop(), policies.stop()]);
      budgets.stop();
      await Promise.race([shippingNow?.drained(), new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
      clearTimeout(adopting);
      await (await adopted?.catch(() => undefined))?.stop();
      await shippingNow?.stop();
      await journal.close();
    },
  };
};
