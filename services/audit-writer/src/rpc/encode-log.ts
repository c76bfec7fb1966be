import { create } from '@bufbuild/protobuf';
import { type AuditLog, AuditLogSchema } from '@scaivault/contracts/audit/v1/audit';
import { timestampOf } from '@scaivault/runtime';
import type { LoggedRow } from '../domain/audit-row.ts';

const encoder = new TextEncoder();

export const encodeLog = (tenantId: string, row: LoggedRow): AuditLog =>
  create(AuditLogSchema, {
    id: row.id,
    eventSeq: BigInt(row.eventSeq),
    tenantId,
    timestamp: timestampOf(row.tsMicros),
    action: row.action,
    identityType: row.identityType,
    identityId: row.identityId,
    ...(row.secretPath === null ? {} : { secretPath: row.secretPath }),
    ...(row.sourceIp === null ? {} : { sourceIp: row.sourceIp }),
    ...(row.userAgent === null ? {} : { userAgent: row.userAgent }),
    success: row.success,
    ...(row.errorCode === null ? {} : { errorCode: row.errorCode }),
    ...(row.policyId === null ? {} : { policyId: row.policyId }),
    durationMs: row.durationMs,
    requestId: row.requestId,
    extraData: encoder.encode(row.extraData),
  });
