import type { SigningKey } from '@scaivault/crypto';
import { describeExport } from '../../domain/export/export-description.ts';
import { keySet } from '../../domain/export/key-set.ts';
import { signManifest } from '../../domain/export/manifest.ts';
import type { ExportJob } from '../../ports/exports.ts';
import type { CheckpointStore, SigningKeyStore } from '../../ports.ts';
import type { BuiltFile } from './built-file.ts';

const keysName = 'keys.json';

/** The public keys of the checkpoints and the manifest; undefined when they are written. */
export const createBuildKeysFile =
  ({ keys }: { readonly keys: Pick<SigningKeyStore, 'list'> }) =>
  async ({ files, destination, progress }: ExportJob): Promise<BuiltFile | undefined> => {
    if (files.some(({ name }) => name === `${destination.folder}${keysName}`)) return undefined;
    return { name: keysName, content: [Buffer.from(keySet(await keys.list()))], records: 0, progress };
  };

/**
 * The manifest: every file before it with its hash, the range, the head up to which the chain leads; signed like a
 * checkpoint. It is written last, so an export that has one is whole.
 */
export const createBuildManifest =
  ({
    checkpoints,
    signer,
  }: {
    readonly checkpoints: Pick<CheckpointStore, 'sealing'>;
    readonly signer: () => Promise<SigningKey>;
  }) =>
  async (job: ExportJob, completedAt: string): Promise<string> => {
    const { scopeId, upToSeq, progress, files, destination } = job;
    const isEmpty = progress.recordCount === 0;
    const end = isEmpty ? undefined : await checkpoints.sealing(scopeId, progress.lastSeq);
    const manifest = {
      ...describeExport(job),
      completed_at: completedAt,
      up_to_event_seq: upToSeq,
      first_event_seq: isEmpty ? null : progress.firstSeq,
      last_event_seq: isEmpty ? null : progress.lastSeq,
      record_count: progress.recordCount,
      checkpoint_count: progress.checkpointCount,
      last_checkpoint_id: end?.id ?? null,
      last_head_hash: end?.headHash.toString('hex') ?? null,
      files: files.map(({ name, bytes, records, sha256 }) => ({
        name: name.slice(destination.folder.length),
        bytes,
        records,
        sha256: sha256.toString('hex'),
      })),
    };
    return signManifest(manifest, await signer());
  };
