import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOutbound } from '@scaivault/outbound';
import { createCursorCodec } from '@scaivault/tenancy';
import { type VerifyReport, verifyFiles } from '@scaivault/verify';
import { vi } from 'vitest';
import { createCredentialsBox } from '../../src/adapters/export/credentials-box.ts';
import { createOpenStore } from '../../src/adapters/export/open-store.ts';
import type { ExportRequest } from '../../src/app/export/create-export.ts';
import { createExports, type ExportDependencies } from '../../src/app/export/use-cases.ts';
import type { AuditExport } from '../../src/domain/export/audit-export.ts';
import { createExportJobTable } from '../../src/store/export-job-table.ts';
import { createExportTable } from '../../src/store/export-table.ts';
import { createSigningKeyTable } from '../../src/store/signing-key-table.ts';
import { createSummaryTables } from '../../src/store/summary-tables.ts';
import { callerOf, type OpenProof, openProof } from '../seal/open-proof.ts';

export type Exports = ReturnType<typeof createExports>;

/** What an export is asked for with; all of the last week as JSONL unless told otherwise. */
export interface Asked extends Partial<Omit<ExportRequest, 'destination'>> {
  readonly bucket: string;
  readonly prefix?: string;
  readonly type?: ExportRequest['destination']['type'];
}

export interface OpenExports extends OpenProof {
  /** What the secret with the credentials holds. */
  secret: object;
  readonly exports: Exports;
  /** Failures that are nobody's fault but ours. */
  readonly defects: unknown[];
  /** Workers as another process has them. */
  workers(more?: Partial<ExportDependencies>): Exports;
  create(asked: Asked, tenantId?: string): Promise<string>;
  read(exportId: string, tenantId?: string): Promise<AuditExport>;
  /** Works on all that is due until the export has ended; pauses between attempts are over at once. */
  finish(exportId: string, workers?: Exports): Promise<AuditExport>;
  /** Lets every pause and every lease be over. */
  passTime(): Promise<void>;
}

const dayMicros = 86_400_000_000;

export const outboundConfig = {
  OUTBOUND_ALLOWED_CIDRS: ['127.0.0.0/8'],
  OUTBOUND_PROXY_URL: undefined,
  ALLOW_INSECURE_TARGETS: false,
};

export const openExports = async (): Promise<OpenExports> => {
  const opened = await openProof();
  const defects: unknown[] = [];
  const encoder = new TextEncoder();
  const workers: OpenExports['workers'] = (more = {}) =>
    createExports({
      exports: createExportTable(opened.db),
      jobs: createExportJobTable(opened.db),
      log: opened.log,
      checkpoints: opened.checkpoints,
      keys: createSigningKeyTable(opened.db),
      signer: opened.proof.signer,
      summaries: createSummaryTables(opened.db),
      readSecret: () => Promise.resolve(encoder.encode(JSON.stringify(stage.secret))),
      openStore: createOpenStore(createOutbound({ config: outboundConfig }), Date.now),
      box: createCredentialsBox(opened.keySeal),
      cursors: createCursorCodec({ key: randomBytes(32), nowMs: Date.now }),
      nowMicros: () => Date.now() * 1000,
      random: () => 0.5,
      fileBytes: 64 * 1024,
      wake: () => {},
      onFailure: (error) => defects.push(error),
      onEnd: () => {},
      ...more,
    });
  const exports = workers();

  const stage: OpenExports = {
    ...opened,
    secret: {},
    exports,
    defects,
    workers,
    create: async ({ bucket, prefix, type = 's3', ...asked }, tenantId = 'tnt_a') => {
      const nowMicros = Date.now() * 1000;
      const request: ExportRequest = {
        window: { fromMicros: nowMicros - 7 * dayMicros, toMicros: nowMicros + dayMicros },
        format: 'jsonl',
        filters: { action: [] },
        destination: { type, bucket, prefix, credentialsPath: 'export/bucket' },
        ...asked,
      };
      const caller = { ...callerOf(tenantId), partnerId: 'ptn_x', identityId: 'user:olga@a.example' };
      return (await exports.useCases.createExport(caller as never, request, {}, undefined)).exportId;
    },
    read: (exportId, tenantId = 'tnt_a') => exports.useCases.readExport(callerOf(tenantId), exportId),
    finish: async (exportId, by = exports) =>
      await vi.waitFor(
        async () => {
          await stage.passTime();
          await by.runs.pass();
          await by.runs.idle();
          const found = await stage.read(exportId);
          if (found.completedAtMicros === null) throw new Error(`The export is ${found.status}.`);
          return found;
        },
        { timeout: 15_000, interval: 10 },
      ),
    passTime: async () => {
      await opened.owner.sql`update export set due_at = now() where due_at is not null`;
    },
  };
  return stage;
};

/** Objects of a bucket as files of a folder, which is removed afterwards. */
const inFolder = async <Result>(
  objects: ReadonlyMap<string, Buffer>,
  work: (folder: string) => Promise<Result>,
): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-export-'));
  try {
    for (const [name, bytes] of objects) await writeFile(join(folder, name.slice(name.lastIndexOf('/') + 1)), bytes);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** What a stranger finds with nothing but the files of an export. */
export const verifyExport = (objects: ReadonlyMap<string, Buffer>): Promise<VerifyReport> =>
  inFolder(objects, (folder) =>
    verifyFiles({
      keys: join(folder, 'keys.json'),
      exported: folder,
      checkpoints: [],
      records: [],
      kept: [],
      proofs: [],
      isPartial: false,
      from: 1,
    }),
  );
