import type { Once, SealedContent } from '@scaivault/pipeline';
import type { PartnerId, ScopeId } from '@scaivault/tenancy';
import type { AuditExport, ExportError, ExportFile, ExportFormat } from '../domain/export/audit-export.ts';
import type { Credentials } from '../domain/export/credentials.ts';
import type { Destination } from '../domain/export/destination.ts';
import type { ExportFilters } from '../domain/export/export-filters.ts';
import type { LogWindow } from '../domain/log-window.ts';
import type { LogPosition } from '../ports.ts';

export interface ExportPlace {
  readonly scopeId: ScopeId;
  readonly partnerId: PartnerId;
  readonly exportId: string;
}

/** What is exported, and where to; fixed when the export is asked for. */
export interface ExportOrder extends ExportPlace {
  readonly format: ExportFormat;
  readonly window: LogWindow;
  readonly filters: ExportFilters;
  readonly destination: Destination;
  readonly createdAtMicros: number;
}

/** One process's right to work on an export, until somebody claims it after the lease is over. */
export interface ExportClaim {
  readonly scopeId: ScopeId;
  readonly exportId: string;
  readonly fence: number;
}

/** How far an export is; everything up to here lies in finished files. */
export interface ExportProgress {
  readonly recordCount: number;
  /** The record that was written last; undefined before the first. */
  readonly after: LogPosition | undefined;
  /** Least and greatest number of a record written; 0 before the first. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Up to this number the checkpoints are written; 0 before the first. */
  readonly chainSeq: number;
  readonly checkpointCount: number;
  readonly checkpointIds: readonly string[];
}

/** An export that is worked on. */
export interface ExportJob extends ExportOrder {
  /** Nothing beyond this number is exported. */
  readonly upToSeq: number;
  /** Times that it was begun without getting anywhere, this one included. */
  readonly attempt: number;
  readonly credentials: SealedContent;
  readonly progress: ExportProgress;
  readonly files: readonly ExportFile[];
}

/** Exports as the tenant sees them. */
export interface ExportStore {
  /** Fixes the range of the export with the last number given out, and lets it begin; `first` is written already. */
  add(
    order: ExportOrder & { readonly createdBy: string },
    first: ExportFile,
    credentials: SealedContent,
    once: Once | undefined,
  ): Promise<void>;
  /** Newest first, from before the id `before` on; fewer than `limit` where they have thousands of files together. */
  list(
    scopeId: ScopeId,
    before: string,
    limit: number,
  ): Promise<{ readonly exports: readonly AuditExport[]; readonly hasMore: boolean }>;
  byId(scopeId: ScopeId, exportId: string): Promise<AuditExport | undefined>;
}

/** Exports as the workers see them. All but the first two do nothing, and say false, once the claim is another's. */
export interface ExportJobStore {
  /** The export of any tenant that has waited longest and has no other one of its tenant running. */
  claim(leaseMs: number): Promise<ExportClaim | undefined>;
  /** Milliseconds until the next one is due; undefined when none waits. */
  nextDueInMs(): Promise<number | undefined>;
  open(claim: ExportClaim): Promise<ExportJob | undefined>;
  /** Keeps the claim for `leaseMs` from now on. */
  hold(claim: ExportClaim, leaseMs: number): Promise<boolean>;
  /** A file is written: it and how far the export is by now, in one commit. */
  advance(claim: ExportClaim, file: ExportFile, progress: ExportProgress): Promise<boolean>;
  /** Gives it back, to be claimed again after `pauseMs`. A wait that is nobody's failure does not count as an attempt. */
  putOff(claim: ExportClaim, pauseMs: number, counts: boolean): Promise<boolean>;
  /** Ends it: with the last file, or with an error. The credentials are erased. */
  complete(claim: ExportClaim, manifest: ExportFile, completedAtMicros: number): Promise<boolean>;
  fail(claim: ExportClaim, error: ExportError, completedAtMicros: number): Promise<boolean>;
}

/** A file to be written. */
export interface Upload {
  readonly name: string;
  readonly contentType: string;
  readonly content: readonly Buffer[];
  readonly sha256: Buffer;
}

/** A bucket that files are put into. Each of them is there, whole, when it resolves; DestinationFailure otherwise. */
export interface Store {
  put(file: Upload, timeoutMs: number): Promise<void>;
}

export type OpenStore = (destination: Pick<Destination, 'bucket'>, credentials: Credentials) => Promise<Store>;

/** Reads the secret with the caller's own right, whose token the metadata holds; a JSON object. Refuses as a read does. */
export type ReadCredentials = (path: string, metadata: Readonly<Record<string, string>>) => Promise<Uint8Array>;

/** Seals credentials for one export; 503 while the key chain cannot be asked. */
export interface CredentialsBox {
  seal(place: ExportPlace, credentials: Credentials): Promise<SealedContent>;
  open(place: ExportPlace, sealed: SealedContent): Promise<Credentials>;
}
