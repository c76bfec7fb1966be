import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type AuditService,
  CreateExportResponseSchema,
  ListExportsResponseSchema,
} from '@scaivault/contracts/audit/v1/audit';
import { answerWith, callerOf, metadataOnBehalf, noteForAudit, onceOf } from '@scaivault/pipeline';
import type { InputChecks } from '@scaivault/runtime';
import { requireWindow } from '../app/export/create-export.ts';
import type { ExportUseCases } from '../app/export/use-cases.ts';
import { readDestination } from '../domain/export/destination.ts';
import { decodeExport } from './decode-export.ts';
import { encodeExport } from './encode-export.ts';

type ExportRpcs = Pick<ServiceImpl<typeof AuditService>, 'createExport' | 'listExports' | 'readExport'>;

/** What only this service can say of a request's content, before its caller's policies are asked. */
export const exportInputChecks: InputChecks<typeof AuditService> = {
  createExport: (request) => {
    const { window, destination } = decodeExport(request);
    requireWindow(window);
    readDestination(destination.type, destination.bucket, destination.prefix, '');
  },
};

/** Exports over the wire (rest-api-core 7.2). */
export const createExportRpcs = (use: ExportUseCases): ExportRpcs => ({
  createExport: async (request, context) => {
    const asked = decodeExport(request);
    const { type, bucket } = asked.destination;
    noteForAudit(context, { format: asked.format, destination_type: type, bucket });
    const { exportId, estimatedRecords } = await use.createExport(
      callerOf(context),
      asked,
      metadataOnBehalf(context),
      onceOf(context),
    );
    noteForAudit(context, { export_id: exportId });
    answerWith(context, { location: `/v1/audit/exports/${exportId}` });
    return create(CreateExportResponseSchema, {
      exportId,
      status: 'pending',
      estimatedRecords: BigInt(estimatedRecords),
    });
  },

  listExports: async ({ limit, cursor }, context) => {
    const page = await use.listExports(callerOf(context), { limit, cursor });
    return create(ListExportsResponseSchema, {
      exports: page.exports.map(encodeExport),
      hasMore: page.cursor !== undefined,
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    });
  },

  readExport: async ({ exportId }, context) => encodeExport(await use.readExport(callerOf(context), exportId)),
});
