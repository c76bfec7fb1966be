import { createHash, type KeyObject, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import type { Report } from './finding.ts';
import { InputError, isObject, type Json } from './input.ts';

/** Files of an export by what is in them. */
export interface ExportedFiles {
  readonly checkpoints: readonly string[];
  /** None where the records are no JSON. */
  readonly records: readonly string[];
}

interface ListedFile {
  readonly name: string;
  readonly sha256: string;
}

/** A name in the folder and nowhere else, whatever a manifest says. */
const plainName = /^[A-Za-z0-9][\w.-]*$/;

const readFiles = (manifest: Json): readonly ListedFile[] => {
  if (!Array.isArray(manifest.files)) throw new InputError('the manifest has no files');
  return manifest.files.map((file: unknown) => {
    const { name, sha256 } = isObject(file) ? file : {};
    if (typeof name !== 'string' || !plainName.test(name) || typeof sha256 !== 'string')
      throw new InputError('the manifest lists something that is no file');
    return { name, sha256 };
  });
};

const readSigned = async (path: string): Promise<Json & { readonly manifest: Json }> => {
  let signed: unknown;
  try {
    signed = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    throw new InputError(`${path} cannot be read as JSON: without its manifest an export is not complete`);
  }
  if (!isObject(signed) || !isObject(signed.manifest)) throw new InputError(`${path} is no manifest`);
  return { ...signed, manifest: signed.manifest };
};

/** Undefined for a file that is not there, or cannot be read. */
const hashFile = async (path: string): Promise<string | undefined> => {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
};

/** Ed25519 over SHA-256(03, RFC 8785 form of the manifest). */
const checkSignature = (signed: Json, keys: ReadonlyMap<string, KeyObject>, report: Report): void => {
  const { manifest, key_id: keyId, signature } = signed;
  const invalid = (what: string): void =>
    report({ reason: 'signature_invalid', eventSeq: null, checkpointId: null, what: `the manifest ${what}` });
  const key = typeof keyId === 'string' ? keys.get(keyId) : undefined;
  if (key === undefined) {
    invalid('is signed with a key that is not in the key set');
    return;
  }
  const digest = createHash('sha256')
    .update(Uint8Array.of(3))
    .update(canonicalize(manifest) ?? '')
    .digest();
  const isSigned = typeof signature === 'string' && verify(null, digest, key, Buffer.from(signature, 'base64url'));
  if (!isSigned) invalid('has a signature that does not fit');
};

/** An export in a folder: its manifest is signed, and every file is there as it says. */
export const checkExport = async (
  folder: string,
  keys: ReadonlyMap<string, KeyObject>,
  report: Report,
): Promise<ExportedFiles> => {
  const signed = await readSigned(join(folder, 'manifest.json'));
  checkSignature(signed, keys, report);
  const files = readFiles(signed.manifest);
  const there: string[] = [];
  for (const { name, sha256 } of files) {
    const hash = await hashFile(join(folder, name));
    const wrong = (reason: 'file_changed' | 'file_missing', what: string): void =>
      report({ reason, eventSeq: null, checkpointId: null, what: `${name} ${what}` });
    if (hash === undefined) wrong('file_missing', 'is not there');
    else if (hash !== sha256) wrong('file_changed', 'is not as the manifest says');
    if (hash !== undefined) there.push(name);
  }
  const named = (pattern: RegExp): readonly string[] =>
    there.filter((name) => pattern.test(name)).map((name) => join(folder, name));
  return { checkpoints: named(/^checkpoints-.*\.jsonl$/), records: named(/^records-.*\.jsonl$/) };
};
