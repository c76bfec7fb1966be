import { create } from '@bufbuild/protobuf';
import {
  AuditExportSchema,
  ExportErrorSchema,
  ExportFileSchema,
  type AuditExport as ExportMessage,
} from '@scaivault/contracts/audit/v1/audit';
import { timestampOf } from '@scaivault/runtime';
import type { AuditExport } from '../domain/export/audit-export.ts';

export const encodeExport = (found: AuditExport): ExportMessage => {
  const { id, status, format, recordCount, createdAtMicros, completedAtMicros, checkpointIds, error, files } = found;
  return create(AuditExportSchema, {
    exportId: id,
    status,
    format,
    recordCount: BigInt(recordCount),
    createdAt: timestampOf(createdAtMicros),
    ...(completedAtMicros === null ? {} : { completedAt: timestampOf(completedAtMicros) }),
    files: files.map(({ name, bytes, records, sha256 }) =>
      create(ExportFileSchema, {
        name,
        bytes: BigInt(bytes),
        records: BigInt(records),
        sha256: sha256.toString('hex'),
      }),
    ),
    checkpointIds: [...checkpointIds],
    ...(error === undefined ? {} : { error: create(ExportErrorSchema, error) }),
  });
};
