import { createHash } from 'node:crypto';
import type { ExportFile } from '../../domain/export/audit-export.ts';
import type { ExportOrder, Upload } from '../../ports/exports.ts';

const types: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'application/jsonl',
  csv: 'text/csv; charset=utf-8',
};

/** A file of an export; `name` is that in its folder. */
export const toUpload = (
  { destination }: Pick<ExportOrder, 'destination'>,
  name: string,
  content: readonly (string | Buffer)[],
): Upload => {
  const pieces = content.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  const contentType = types[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  return { name: `${destination.folder}${name}`, contentType, content: pieces, sha256: hash.digest() };
};

/** What is kept of a file that is written. */
export const toExportFile = ({ name, content, sha256 }: Upload, records: number): ExportFile => ({
  name,
  bytes: content.reduce((sum, { length }) => sum + length, 0),
  records,
  sha256,
});
