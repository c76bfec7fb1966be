import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditCheckpointSchema, AuditKeySchema, AuditLogSchema, type AuditRecord } from '@scaivault/contracts';
import type { Caller } from '@scaivault/pipeline';
import { createCursorCodec, type ScopeId } from '@scaivault/tenancy';
import { createTestKeySeal, type TestKeySeal } from '@scaivault/testkit';
import { type VerifyOptions, type VerifyReport, verifyFiles } from '@scaivault/verify';
import { createProof } from '../../src/app/seal/use-cases.ts';
import type { CheckpointStore } from '../../src/ports.ts';
import { encodeCheckpoint, encodeKey } from '../../src/rpc/encode-checkpoint.ts';
import { encodeLog } from '../../src/rpc/encode-log.ts';
import { createCheckpointTable } from '../../src/store/checkpoint-table.ts';
import { createSealerPlace } from '../../src/store/sealer-place.ts';
import { createSigningKeyTable } from '../../src/store/signing-key-table.ts';
import { encode, type OpenLog, openLog, recordOf } from '../open-log.ts';
import { apiJson } from './api-json.ts';

export type Proof = ReturnType<typeof createProof>;

export interface OpenProof extends OpenLog {
  readonly checkpoints: CheckpointStore;
  readonly keySeal: TestKeySeal;
  /** What the sealer found missing, and what it could not seal. */
  readonly tampering: { scopeId: ScopeId; firstEventSeq: number; lastEventSeq: number }[];
  readonly failures: unknown[];
  readonly proof: Proof;
  /** A sealer as another process has it. */
  another(more?: Partial<Parameters<typeof createProof>[0]>): Proof;
  /** Stores so many records of a tenant, in batches. */
  put(tenantId: string, count: number, more?: Partial<AuditRecord>): Promise<void>;
  /** Lets the seal interval be over for all that waits, and seals. */
  seal(): Promise<void>;
  verify(
    tenantId: string,
    window?: { fromMicros?: number; toMicros?: number },
  ): ReturnType<Proof['useCases']['verifyCheckpoints']>;
  /** What a stranger finds with nothing but what the API has told him. */
  verifyOffline(tenantId: string, more?: Partial<VerifyOptions>): Promise<VerifyReport>;
}

export const callerOf = (tenantId: string): Caller =>
  ({ tenantId, scope: { kind: 'tenant', tenantId, partnerId: 'ptn_x' } }) as unknown as Caller;

export const scopeOf = (tenantId: string): ScopeId => `t:${tenantId}` as ScopeId;

export const openProof = async (given?: Parameters<typeof openLog>[0]): Promise<OpenProof> => {
  const opened = await openLog(given);
  const checkpoints = createCheckpointTable(opened.db);
  const keySeal = createTestKeySeal();
  const tampering: OpenProof['tampering'] = [];
  const failures: unknown[] = [];
  const keys = createSigningKeyTable(opened.db);
  const another: OpenProof['another'] = (more = {}) =>
    createProof({
      checkpoints,
      place: createSealerPlace(opened.db),
      keys,
      seal: keySeal,
      cursors: createCursorCodec({ key: randomBytes(32), nowMs: Date.now }),
      intervalMs: 10_000,
      nowMicros: () => Date.now() * 1000,
      alarms: { tampering: (found) => tampering.push(found), failure: (_scope, error) => failures.push(error) },
      ...more,
    });
  const proof = another();
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-proof-'));
  const answers = async (tenantId: string) => {
    const scope = scopeOf(tenantId);
    const rows = await checkpoints.rows(scope, 1, Number.MAX_SAFE_INTEGER, 100_000);
    const window = { fromMicros: 0, toMicros: Date.UTC(9999, 0) * 1000 };
    const chain: string[] = [];
    for (const checkpoint of await checkpoints.list(scope, window, undefined, 10_000)) {
      const leaves = await checkpoints.leafHashes(scope, checkpoint.firstEventSeq);
      chain.push(apiJson(AuditCheckpointSchema, encodeCheckpoint(checkpoint, leaves)));
    }
    const keySet = (await keys.list()).map((key) => apiJson(AuditKeySchema, encodeKey(key)));
    return {
      keys: `{"keys":[${keySet.join()}]}`,
      checkpoints: chain.join('\n'),
      records: rows.map((row) => apiJson(AuditLogSchema, encodeLog(tenantId, row))).join('\n'),
    };
  };
  return {
    ...opened,
    checkpoints,
    keySeal,
    tampering,
    failures,
    proof,
    another,
    put: async (tenantId, count, more = {}) => {
      for (let left = count; left > 0; left -= 500) {
        const records = Array.from({ length: Math.min(500, left) }, () => encode(recordOf({ tenantId, ...more })));
        await opened.ingest(records);
      }
    },
    seal: async () => {
      await opened.owner.sql`
        update head set unsealed_since = unsealed_since - interval '1 hour' where unsealed_since > '-infinity'`;
      await proof.sealTurn();
    },
    verify: (tenantId, window = {}) => proof.useCases.verifyCheckpoints(callerOf(tenantId), window),
    verifyOffline: async (tenantId, more = {}) => {
      const texts = await answers(tenantId);
      const paths = {
        keys: join(folder, 'keys.json'),
        checkpoints: join(folder, 'chain.jsonl'),
        records: join(folder, 'records.jsonl'),
      };
      for (const name of ['keys', 'checkpoints', 'records'] as const) await writeFile(paths[name], texts[name]);
      return await verifyFiles({
        keys: paths.keys,
        checkpoints: [paths.checkpoints],
        records: [paths.records],
        kept: [],
        proofs: [],
        isPartial: false,
        from: 1,
        ...more,
      });
    },
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true });
      await opened[Symbol.asyncDispose]();
    },
  };
};
