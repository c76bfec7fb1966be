import type { Caller } from '@scaivault/pipeline';
import { type CursorCodec, type PageRequest, scopeId } from '@scaivault/tenancy';
import type { AuditExport } from '../../domain/export/audit-export.ts';
import type { ExportStore } from '../../ports/exports.ts';

const defaultLimit = 100;

/** The exports of the caller's tenant, newest first (rest-api-core 7.2). 400 `invalid_cursor`. */
export const createListExports =
  ({ exports, cursors }: { readonly exports: Pick<ExportStore, 'list'>; readonly cursors: CursorCodec }) =>
  async (
    caller: Pick<Caller, 'scope'>,
    { limit = defaultLimit, cursor }: PageRequest,
  ): Promise<{ readonly exports: readonly AuditExport[]; readonly cursor: string | undefined }> => {
    const scope = scopeId(caller.scope);
    const binding = { scopeId: scope, route: 'ListExports', filters: {} };
    const before = cursor === undefined ? '' : String(cursors.open(binding, cursor));
    const page = await exports.list(scope, before, limit);
    const last = page.exports.at(-1);
    return {
      exports: page.exports,
      cursor: page.hasMore && last !== undefined ? cursors.seal(binding, last.id) : undefined,
    };
  };
