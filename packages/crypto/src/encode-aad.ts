import { VaultError } from '@scaivault/errors';
import type { ScopeId } from '@scaivault/tenancy';
import { encodeFields } from './encode-fields.ts';

/** The one place a ciphertext belongs to. */
export interface CiphertextPlace {
  /** What the ciphertext is, as a fixed word of its service, e.g. `secret`. */
  readonly purpose: string;
  readonly scopeId: ScopeId;
  /** The id of the row that owns the path; it stays the same when the path is renamed. */
  readonly pathId: string;
  /** A whole number from 0. */
  readonly version: number;
  /** Of a ciphertext that lies apart from its row, under this name (see `KeyChain.sealContent`). */
  readonly contentId?: string | undefined;
}

/**
 * The additional data of a stored ciphertext: it opens for this purpose, scope, path id, version and content id and
 * nowhere else. Two different places never encode equal (see `encodeFields`), and one without a content id is equal to
 * none that has one; `internal_error` when the version is no whole number.
 */
export const encodeAad = ({ purpose, scopeId, pathId, version, contentId }: CiphertextPlace): Buffer => {
  if (!Number.isSafeInteger(version) || version < 0) {
    throw new VaultError('internal_error', 'The version of a ciphertext is a whole number from 0.');
  }
  const content = contentId === undefined ? [] : [contentId];
  return encodeFields('scaivault:data', purpose, scopeId, pathId, String(version), ...content);
};
