import { VaultError } from '@scaivault/errors';
import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { AuditExport } from '../../domain/export/audit-export.ts';
import type { ExportStore } from '../../ports/exports.ts';

/** How far an export of the caller's tenant is. 404 `export_not_found`. */
export const createReadExport =
  ({ exports }: { readonly exports: Pick<ExportStore, 'byId'> }) =>
  async (caller: Pick<Caller, 'scope'>, exportId: string): Promise<AuditExport> => {
    const found = await exports.byId(scopeId(caller.scope), exportId);
    if (found === undefined) throw new VaultError('export_not_found', 'There is no such export.');
    return found;
  };
