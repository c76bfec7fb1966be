import type { ExportJob, ExportProgress } from '../../ports/exports.ts';

/** A file that is to be written, and how far the export will be then. */
export interface BuiltFile {
  /** In the export's folder. */
  readonly name: string;
  readonly content: readonly Buffer[];
  readonly records: number;
  readonly progress: ExportProgress;
}

/** `records-00001.jsonl`, by how many there are so far. */
export const numbered = (kind: string, { files, destination }: ExportJob, extension: string): string => {
  const before = files.filter(({ name }) => name.startsWith(`${destination.folder}${kind}-`)).length;
  return `${kind}-${String(before + 1).padStart(5, '0')}.${extension}`;
};
