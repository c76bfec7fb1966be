import { fieldError } from '@scaivault/errors';
import type { Caller, Once } from '@scaivault/pipeline';
import { newId, scopeId } from '@scaivault/tenancy';
import type { ExportFormat } from '../../domain/export/audit-export.ts';
import { readCredentials } from '../../domain/export/credentials.ts';
import { type DestinationType, readDestination, unusable } from '../../domain/export/destination.ts';
import { DestinationFailure } from '../../domain/export/destination-failure.ts';
import { exportDescription } from '../../domain/export/export-description.ts';
import type { ExportFilters } from '../../domain/export/export-filters.ts';
import { type LogWindow, logWindow } from '../../domain/log-window.ts';
import { splitWindow } from '../../domain/split-window.ts';
import type { CredentialsBox, ExportOrder, ExportStore, OpenStore, ReadCredentials } from '../../ports/exports.ts';
import type { Clock, SummaryStore } from '../../ports.ts';
import { toExportFile, toUpload } from './to-upload.ts';

export interface ExportRequest {
  readonly window: LogWindow;
  readonly format: ExportFormat;
  readonly filters: ExportFilters;
  readonly destination: {
    readonly type: DestinationType;
    readonly bucket: string;
    readonly prefix: string | undefined;
    readonly credentialsPath: string;
  };
}

const mostMicros = 400 * 86_400 * 1_000_000;
/** For the file that is written to try the destination; the call has an end of its own. */
const trialMs = 4_000;

/** The time of an export; 422 when it is too long or ends before it begins. */
export const requireWindow = (asked: LogWindow): LogWindow => {
  if (asked.toMicros - asked.fromMicros > mostMicros) {
    throw fieldError('to', 'range', 'must be at most 400 days after from');
  }
  return logWindow(asked, 0, asked.toMicros);
};

const asRefusal = (error: unknown): unknown =>
  error instanceof DestinationFailure ? unusable(fieldOf(error), error.reason, error.message) : error;

const fieldOf = ({ reason }: DestinationFailure): string =>
  reason === 'bucket_not_found' || reason === 'refused' ? 'bucket' : 'credentials_path';

/**
 * Takes an export on (rest-api-core 7.2): reads the credentials with the caller's right, tries them by writing the first file,
 * and keeps them sealed for as long as the export runs. Nothing is kept of one that is refused: 422, 400 `invalid_config`,
 * what a read of the secret is refused with, 503 while the key chain is away.
 */
export const createCreateExport =
  ({
    exports,
    summaries,
    readSecret,
    openStore,
    box,
    nowMicros,
  }: {
    readonly exports: Pick<ExportStore, 'add'>;
    readonly summaries: Pick<SummaryStore, 'count'>;
    readonly readSecret: ReadCredentials;
    readonly openStore: OpenStore;
    readonly box: Pick<CredentialsBox, 'seal'>;
    readonly nowMicros: Clock;
  }) =>
  async (
    caller: Pick<Caller, 'scope' | 'partnerId' | 'identityId'>,
    request: ExportRequest,
    metadata: Readonly<Record<string, string>>,
    once: Once | undefined,
  ): Promise<{ readonly exportId: string; readonly estimatedRecords: number }> => {
    const { format, filters } = request;
    const { type, bucket, prefix, credentialsPath } = request.destination;
    const exportId = newId('exp');
    const order: ExportOrder = {
      scopeId: scopeId(caller.scope),
      partnerId: caller.partnerId,
      exportId,
      format,
      window: requireWindow(request.window),
      filters,
      destination: readDestination(type, bucket, prefix, exportId),
      createdAtMicros: nowMicros(),
    };
    const credentials = readCredentials(type, await readSecret(credentialsPath, metadata));
    const first = toUpload(order, 'export.json', [exportDescription(order)]);
    const sealed = await box.seal(order, credentials);
    const estimatedRecords = await summaries.count(order.scopeId, splitWindow(order.window), filters);
    try {
      const store = await openStore(order.destination, credentials);
      await store.put(first, trialMs);
    } catch (error) {
      throw asRefusal(error);
    }
    await exports.add({ ...order, createdBy: caller.identityId }, toExportFile(first, 0), sealed, once);
    return { exportId, estimatedRecords };
  };
