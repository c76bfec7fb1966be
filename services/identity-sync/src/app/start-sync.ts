import { VaultError } from '@scaivault/errors';
import type { Caller, Once } from '@scaivault/pipeline';
import { parsePartnerId } from '@scaivault/tenancy';
import type { Sight } from '../domain/sight.ts';
import type { Clock, Directory, SyncRun, SyncRuns } from '../ports.ts';
import { type OpenTenant, sightOf } from './visibility.ts';

/** What a caller asks to be compared with ScaiKey; neither: everything the caller may see. */
export interface AskedRange {
  readonly partnerId: string | undefined;
  readonly tenantId: string | undefined;
}

const forbidden = (reason: string, message: string): VaultError =>
  new VaultError('forbidden', message, { details: { reason } });

const contradiction = (): VaultError =>
  new VaultError('invalid_request', 'This tenant is not one of that partner.', {
    details: { reason: 'tenant_mismatch' },
  });

/**
 * Begins a sync, or answers the one of the same range that is running (rest-api-core 11.1). Refused like 3.1: a tenant as
 * there, a partner that is not the caller's 403 `forbidden`, for a super_admin one that does not exist 404 `not_found`.
 */
export const createStartSync = ({
  runs,
  directory,
  openTenant,
  isConfigured,
  wake,
  nowMicros,
}: {
  readonly runs: Pick<SyncRuns, 'start'>;
  readonly directory: Pick<Directory, 'partner'>;
  readonly openTenant: OpenTenant;
  /** False where we have no client at ScaiKey. */
  readonly isConfigured: boolean;
  /** Sets to work on it at once. */
  readonly wake: () => void;
  readonly nowMicros: Clock;
}) => {
  const rangeOfPartner = async (caller: Caller, named: string): Promise<Sight> => {
    const sight = sightOf(caller);
    if (sight.kind !== 'everything') {
      if (named !== sight.partnerId) throw forbidden('foreign_partner', 'This partner is not open to you.');
      if (sight.kind === 'tenant') throw forbidden('partner_admin_required', 'A partner is for its administrators.');
      return sight;
    }
    const partnerId = parsePartnerId(named);
    const partner = await directory.partner(partnerId);
    if (partner === undefined || partner.status === 'DELETED') {
      throw new VaultError('not_found', 'There is no such partner.', { details: { resource: 'partner' } });
    }
    return { kind: 'partner', partnerId };
  };

  const rangeOf = async (caller: Caller, { partnerId, tenantId }: AskedRange): Promise<Sight> => {
    if (tenantId === undefined) {
      return partnerId === undefined ? sightOf(caller) : await rangeOfPartner(caller, partnerId);
    }
    const range: Sight = { kind: 'tenant', ...(await openTenant(caller, tenantId)) };
    if (partnerId !== undefined && range.partnerId !== partnerId) throw contradiction();
    return range;
  };

  return async (caller: Caller, asked: AskedRange, once: Once | undefined): Promise<SyncRun> => {
    const range = await rangeOf(caller, asked);
    if (!isConfigured) throw new VaultError('service_unavailable', 'No client for the lists of ScaiKey is configured.');
    const run = await runs.start(range, nowMicros(), once);
    wake();
    return run;
  };
};
