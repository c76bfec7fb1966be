import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type AuditLog,
  type AuditService,
  AuditSettingsSchema,
  IdentityTrailSchema,
  QueryAuditLogsResponseSchema,
  SecretTrailSchema,
} from '@scaivault/contracts/audit/v1/audit';
import { type Caller, callerOf, callOf, noteForAudit, onceOf } from '@scaivault/pipeline';
import { parsePolicyPath } from '@scaivault/tenancy';
import type { ExportUseCases } from '../app/export/use-cases.ts';
import type { createQueryLogs } from '../app/query-logs.ts';
import type { LogAnswer } from '../app/read-page.ts';
import type { createReadIdentityTrail, createReadSecretTrail } from '../app/read-trails.ts';
import type { createReadSettings, createSetSettings } from '../app/settings.ts';
import type { createSummarizeLogs } from '../app/summarize-logs.ts';
import { decodeQuery } from './decode-query.ts';
import { decodeWindow } from './decode-window.ts';
import { encodeLog } from './encode-log.ts';
import { encodeIdentitySummary, encodeLogSummary, encodeSecretSummary } from './encode-summary.ts';
import { createExportRpcs } from './export-rpcs.ts';
import { createProofRpcs, type ProofUseCases } from './proof-rpcs.ts';

export interface AuditUseCases {
  readonly queryLogs: ReturnType<typeof createQueryLogs>;
  readonly readSecretTrail: ReturnType<typeof createReadSecretTrail>;
  readonly readIdentityTrail: ReturnType<typeof createReadIdentityTrail>;
  readonly summarizeLogs: ReturnType<typeof createSummarizeLogs>;
  readonly readSettings: ReturnType<typeof createReadSettings>;
  readonly setSettings: ReturnType<typeof createSetSettings>;
}

const encodePage = (
  { tenantId }: Caller,
  { logs, cursor }: LogAnswer,
): { logs: AuditLog[]; hasMore: boolean; cursor?: string } => ({
  logs: logs.map((row) => encodeLog(tenantId, row)),
  hasMore: cursor !== undefined,
  ...(cursor === undefined ? {} : { cursor }),
});

/** The audit log over the wire (rest-api-core 7.2). */
export const createAuditService = (
  use: AuditUseCases,
  proof: ProofUseCases,
  exports: ExportUseCases,
): ServiceImpl<typeof AuditService> => ({
  ...createProofRpcs(proof),
  ...createExportRpcs(exports),

  queryAuditLogs: async (request, context) => {
    const caller = callerOf(context);
    const page = await use.queryLogs(caller, decodeQuery(request, callOf(context).prefix));
    return create(QueryAuditLogsResponseSchema, encodePage(caller, page));
  },

  readSecretTrail: async (request, context) => {
    const caller = callerOf(context);
    const path = parsePolicyPath(request.path);
    const { limit, cursor } = request;
    const trail = await use.readSecretTrail(caller, path, { window: decodeWindow(request), limit, cursor });
    return create(SecretTrailSchema, {
      path,
      summary: encodeSecretSummary(trail.summary),
      ...encodePage(caller, trail),
    });
  },

  readIdentityTrail: async (request, context) => {
    const caller = callerOf(context);
    const { identityId, limit, cursor } = request;
    noteForAudit(context, { trail_identity_id: identityId });
    const trail = await use.readIdentityTrail(caller, identityId, { window: decodeWindow(request), limit, cursor });
    return create(IdentityTrailSchema, {
      identityId,
      summary: encodeIdentitySummary(trail.summary),
      ...encodePage(caller, trail),
    });
  },

  summarizeAuditLogs: async (request, context) => {
    const { window, summary } = await use.summarizeLogs(callerOf(context), decodeWindow(request));
    return encodeLogSummary(window, summary);
  },

  readAuditSettings: async (_request, context) =>
    create(AuditSettingsSchema, { retentionDays: await use.readSettings(callerOf(context)) }),

  setAuditSettings: async ({ retentionDays = 0 }, context) => {
    noteForAudit(context, { retention_days: retentionDays });
    await use.setSettings(callerOf(context), retentionDays, onceOf(context));
    return create(AuditSettingsSchema, { retentionDays });
  },
});
