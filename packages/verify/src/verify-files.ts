import { readFile } from 'node:fs/promises';
import canonicalize from 'canonicalize';
import { checkChain } from './check-chain.ts';
import { checkExport, type ExportedFiles } from './check-export.ts';
import { checkProof } from './check-proof.ts';
import type { Finding } from './finding.ts';
import { type Checkpoint, InputError, numberOf, readCheckpoint } from './input.ts';
import { readKeys } from './read-keys.ts';
import { readObjects } from './read-lines.ts';
import { createRecordCollector } from './record-collector.ts';
import { repeatsName } from './repeats-name.ts';
import { hashLeaf } from './tree-hash.ts';

export interface VerifyOptions {
  /** File with the JWK set. */
  readonly keys: string;
  readonly checkpoints: readonly string[];
  readonly records: readonly string[];
  /** Files with checkpoints that were kept from an earlier day. */
  readonly kept: readonly string[];
  readonly proofs: readonly string[];
  /** Folder of an export; its records and checkpoints are checked with the others. */
  readonly exported?: string | undefined;
  /** Records may have been left out by a filter or a window. */
  readonly isPartial: boolean;
  /** The first number that is expected; older ones may have been removed in time. */
  readonly from: number;
}

export interface VerifyReport {
  readonly checkpoints: number;
  readonly records: number;
  /** The last head that was checked, to be kept; null without checkpoints. */
  readonly lastHead: { readonly eventSeq: number; readonly headHash: string } | null;
  /** The first thousand of them. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
}

const mostFindings = 1000;
const noFiles: ExportedFiles = { checkpoints: [], records: [] };

const readChain = async (paths: readonly string[]): Promise<readonly Checkpoint[]> => {
  const chain: Checkpoint[] = [];
  for (const path of paths) {
    for await (const { value } of readObjects(path, 'checkpoints')) chain.push(readCheckpoint(value));
  }
  return chain.sort((a, b) => a.first - b.first);
};

const hashRecord = (record: unknown, line: string): Buffer => {
  // Readers disagree on which of two members of one name counts, so there is no telling what such a record says.
  if (repeatsName(line)) return hashLeaf(line);
  try {
    return hashLeaf(canonicalize(record) ?? '');
  } catch {
    // No RFC 8785 form, hence not what was sealed.
    return hashLeaf(line);
  }
};

/** Checks what the files hold, without asking anybody; InputError when one cannot be read. */
export const verifyFiles = async (options: VerifyOptions): Promise<VerifyReport> => {
  const findings: Finding[] = [];
  let findingCount = 0;
  const report = (finding: Finding): void => {
    findingCount += 1;
    if (findings.length < mostFindings) findings.push(finding);
  };
  const keys = await readKeys(options.keys);
  const exported = options.exported === undefined ? noFiles : await checkExport(options.exported, keys, report);
  const paths = [...options.records, ...exported.records];
  const isPartial = options.isPartial || options.exported !== undefined;
  const chain = await readChain([...options.checkpoints, ...exported.checkpoints]);
  checkChain(chain, keys, await readChain(options.kept), report);

  let records = 0;
  if (paths.length > 0) {
    const collector = createRecordCollector(chain, { isPartial, from: options.from }, report);
    for (const path of paths) {
      for await (const { value, line } of readObjects(path, 'logs')) {
        collector.take(numberOf(value), hashRecord(value, line));
        records += 1;
      }
    }
    collector.end();
  }
  for (const path of options.proofs) {
    let proof: unknown;
    try {
      proof = JSON.parse(await readFile(path, 'utf8'));
    } catch {
      throw new InputError(`${path} cannot be read as JSON`);
    }
    checkProof(proof, keys, report);
  }
  const last = chain.at(-1);
  const lastHead = last === undefined ? null : { eventSeq: last.last, headHash: last.head.toString('hex') };
  return { checkpoints: chain.length, records, lastHead, findings, findingCount };
};
