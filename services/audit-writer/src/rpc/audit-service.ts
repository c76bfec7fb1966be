import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { type AuditService, QueryAuditLogsResponseSchema } from '@scaivault/contracts';
import { callerOf, callOf } from '@scaivault/pipeline';
import type { createQueryLogs } from '../app/query-logs.ts';
import { decodeQuery } from './decode-query.ts';
import { encodeLog } from './encode-log.ts';

/** The audit log over the wire (rest-api-core 7.2). */
export const createAuditService = ({
  queryLogs,
}: {
  readonly queryLogs: ReturnType<typeof createQueryLogs>;
}): ServiceImpl<typeof AuditService> => ({
  queryAuditLogs: async (request, context) => {
    const caller = callerOf(context);
    const { logs, cursor } = await queryLogs(caller, decodeQuery(request, callOf(context).prefix));
    return create(QueryAuditLogsResponseSchema, {
      logs: logs.map((row) => encodeLog(caller.tenantId, row)),
      hasMore: cursor !== undefined,
      ...(cursor === undefined ? {} : { cursor }),
    });
  },
});
