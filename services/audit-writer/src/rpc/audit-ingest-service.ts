import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { type AuditIngestService, IngestAuditRecordsResponseSchema } from '@scaivault/contracts/audit/v1/audit';
import type { createIngestRecords } from '../app/ingest-records.ts';

/** What journals ship, over the wire. */
export const createAuditIngestService = ({
  ingestRecords,
}: {
  readonly ingestRecords: ReturnType<typeof createIngestRecords>;
}): ServiceImpl<typeof AuditIngestService> => ({
  ingestAuditRecords: async ({ records }) =>
    create(IngestAuditRecordsResponseSchema, { stored: await ingestRecords(records) }),
});
