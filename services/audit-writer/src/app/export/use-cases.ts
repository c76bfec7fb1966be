import type { CursorCodec } from '@scaivault/tenancy';
import type { CredentialsBox, ExportJobStore, ExportStore, OpenStore, ReadCredentials } from '../../ports/exports.ts';
import type { CheckpointStore, Clock, LogStore, SigningKeyStore, SummaryStore } from '../../ports.ts';
import type { createSigner } from '../seal/signing-keys.ts';
import { createBuildCheckpointsFile } from './build-checkpoints-file.ts';
import { createBuildKeysFile, createBuildManifest } from './build-closing-files.ts';
import { createBuildRecordsFile, usualFileBytes } from './build-records-file.ts';
import { createCreateExport } from './create-export.ts';
import { createListExports } from './list-exports.ts';
import { createReadExport } from './read-export.ts';
import { createRunExport } from './run-export.ts';
import { createRunExports } from './run-exports.ts';

export interface ExportDependencies {
  readonly exports: ExportStore;
  readonly jobs: ExportJobStore;
  readonly log: Pick<LogStore, 'read' | 'holding'>;
  readonly checkpoints: CheckpointStore;
  readonly keys: Pick<SigningKeyStore, 'list'>;
  readonly signer: ReturnType<typeof createSigner>;
  readonly summaries: Pick<SummaryStore, 'count'>;
  readonly readSecret: ReadCredentials;
  readonly openStore: OpenStore;
  readonly box: CredentialsBox;
  readonly cursors: CursorCodec;
  readonly nowMicros: Clock;
  readonly random: () => number;
  readonly fileBytes?: number;
  /** Something is due, or there is room for it. */
  readonly wake: () => void;
  readonly onFailure: (error: unknown) => void;
  readonly onEnd: (result: 'completed' | 'failed') => void;
}

/** Exports: what is asked of them, and the work on them. */
export const createExports = (dependencies: ExportDependencies) => {
  const { exports, jobs, cursors, nowMicros, wake, onFailure, fileBytes = usualFileBytes } = dependencies;
  let isStopping = false;
  const createExport = createCreateExport(dependencies);
  const runExport = createRunExport({
    ...dependencies,
    builders: [
      createBuildRecordsFile({ ...dependencies, fileBytes }),
      createBuildCheckpointsFile({ ...dependencies, fileBytes }),
      createBuildKeysFile(dependencies),
    ],
    buildManifest: createBuildManifest(dependencies),
    monotonicMs: () => performance.now(),
    isStopping: () => isStopping,
  });
  const nowMs = (): number => nowMicros() / 1000;
  return {
    useCases: {
      createExport: async (...asked: Parameters<typeof createExport>) => {
        const created = await createExport(...asked);
        wake();
        return created;
      },
      listExports: createListExports({ exports, cursors }),
      readExport: createReadExport({ exports }),
    },
    runs: createRunExports({ jobs, runExport, nowMs, onRoom: wake, onFailure }),
    /** Lets what is under way end after the file that is being written. */
    stop: () => {
      isStopping = true;
    },
  };
};

export type ExportUseCases = ReturnType<typeof createExports>['useCases'];
