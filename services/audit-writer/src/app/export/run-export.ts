import { isVaultError, toVaultError } from '@scaivault/errors';
import { formatMicros } from '@scaivault/tenancy';
import type { ExportError } from '../../domain/export/audit-export.ts';
import { DestinationFailure } from '../../domain/export/destination-failure.ts';
import { isHopeless, pauseAfter } from '../../domain/export/retry-schedule.ts';
import type { CredentialsBox, ExportClaim, ExportJob, ExportJobStore, OpenStore, Store } from '../../ports/exports.ts';
import type { CheckpointStore, Clock } from '../../ports.ts';
import type { BuiltFile } from './built-file.ts';
import { createHoldClaim, Interruption } from './hold-claim.ts';
import { toExportFile, toUpload } from './to-upload.ts';

/** One file; the claim is held for longer than two of these take (GCS asks for a token first). */
const uploadMs = 45_000;
/** Then the next tenant has its turn. */
const sliceMs = 60_000;
const untilSealedMs = 1_000;
const withoutKeysMs = 15_000;
const mostFiles = 9_999;

const tooLarge: ExportError = { code: 'too_large', message: 'The export has too many files; ask for a shorter time.' };
const broken: ExportError = { code: 'internal_error', message: 'An internal error occurred.' };

type BuildFile = (job: ExportJob, stillOurs: () => Promise<void>) => Promise<BuiltFile | undefined>;

interface Dependencies {
  readonly jobs: Omit<ExportJobStore, 'claim' | 'nextDueInMs'>;
  readonly checkpoints: Pick<CheckpointStore, 'chain'>;
  /** In the order of the files; each is asked until it has no more. */
  readonly builders: readonly BuildFile[];
  readonly buildManifest: (job: ExportJob, completedAt: string) => Promise<string>;
  readonly openStore: OpenStore;
  readonly box: Pick<CredentialsBox, 'open'>;
  readonly nowMicros: Clock;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  readonly isStopping: () => boolean;
  /** Hears of what is nobody's fault but ours. */
  readonly onFailure: (error: unknown) => void;
  readonly onEnd: (result: 'completed' | 'failed') => void;
}

/** What it takes to write the files of one claim. */
interface Work {
  readonly claim: ExportClaim;
  readonly store: Store;
  readonly hold: ReturnType<typeof createHoldClaim>;
  /** A file more is written down. */
  readonly onProgress: () => void;
}

/** What a failure means for the export; undefined: nothing, it waits for something of ours that is away. */
const errorOf = (error: unknown): ExportError | undefined => {
  if (error instanceof DestinationFailure) return { code: error.reason, message: error.message };
  // What was allowed when it was asked for need not be so any more.
  if (isVaultError(error, 'invalid_config')) return { code: 'target_not_allowed', message: error.message };
  return toVaultError(error).httpStatus === 503 ? undefined : broken;
};

/**
 * Works on a claimed export until it has ended or its turn is over: waits for the seal, writes file after file, the manifest
 * last. Each file is put before it is written down, so a crash in between puts the same bytes again under the same name.
 * What fails is tried again, ten times in a row at most.
 */
export const createRunExport = (dependencies: Dependencies) => {
  const { jobs, checkpoints, builders, buildManifest, openStore, box, nowMicros, random, onFailure, onEnd } =
    dependencies;

  const fail = async (claim: ExportClaim, error: ExportError): Promise<void> => {
    if (await jobs.fail(claim, error, nowMicros())) onEnd('failed');
  };

  const nextFile = async (job: ExportJob, keep: () => Promise<void>): Promise<BuiltFile | undefined> => {
    for (const build of builders) {
      const built = await build(job, keep);
      if (built !== undefined) return built;
    }
    return undefined;
  };

  const write = async (begun: ExportJob, { claim, store, hold, onProgress }: Work): Promise<void> => {
    const endMs = dependencies.monotonicMs() + sliceMs;
    let job = begun;
    for (let built = await nextFile(job, hold.keep); built !== undefined; built = await nextFile(job, hold.keep)) {
      if (job.files.length >= mostFiles) return await fail(claim, tooLarge);
      const upload = toUpload(job, built.name, built.content);
      await hold.renew();
      await store.put(upload, uploadMs);
      const file = toExportFile(upload, built.records);
      if (!(await jobs.advance(claim, file, built.progress))) throw new Interruption(true);
      job = { ...job, files: [...job.files, file], progress: built.progress };
      onProgress();
      if (dependencies.monotonicMs() > endMs) throw new Interruption(false);
    }
    const completedAtMicros = nowMicros();
    const manifest = toUpload(job, 'manifest.json', [await buildManifest(job, formatMicros(completedAtMicros))]);
    await hold.renew();
    await store.put(manifest, uploadMs);
    if (await jobs.complete(claim, toExportFile(manifest, 0), completedAtMicros)) onEnd('completed');
  };

  const endWith = async (claim: ExportClaim, attempt: number, cause: unknown): Promise<void> => {
    if (cause instanceof Interruption) {
      if (!cause.isLost) await jobs.putOff(claim, 0, false);
      return;
    }
    const error = errorOf(cause);
    if (error === undefined) {
      await jobs.putOff(claim, withoutKeysMs, false);
      return;
    }
    if (error === broken) onFailure(cause);
    const pauseMs = pauseAfter(attempt, random());
    if (pauseMs === undefined) await fail(claim, error);
    else await jobs.putOff(claim, pauseMs, true);
  };

  return async (claim: ExportClaim): Promise<void> => {
    const job = await jobs.open(claim);
    if (job === undefined) return;
    if (isHopeless(job.attempt)) return await fail(claim, broken);
    const { sealedSeq = 0 } = (await checkpoints.chain(job.scopeId)) ?? {};
    if (sealedSeq < job.upToSeq) {
      await jobs.putOff(claim, untilSealedMs, false);
      return;
    }
    const hold = createHoldClaim({ ...dependencies, claim });
    let { attempt } = job;
    const onProgress = (): void => {
      attempt = 1;
    };
    try {
      await hold.renew();
      const store = await openStore(job.destination, await box.open(job, job.credentials));
      await write(job, { claim, store, hold, onProgress });
    } catch (error) {
      await endWith(claim, attempt, error);
    }
  };
};
