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
}

/**
 * The additional data of a stored ciphertext: it opens for this purpose, scope, path id and version and nowhere else.
 * Two different places never encode equal (see `encodeFields`); `internal_error` when the version is no whole number.
 */
export const encodeAad = ({ purpose, scopeId, pathId, version }: CiphertextPlace): Buffer => {
  if (!Number.isSafeInteger(version) || version < 0) {
    throw new VaultError('internal_error', 'The version of a ciphertext is a whole number from 0.');
  }
  return encodeFields('scaivault:data', purpose, scopeId, pathId, String(version));
};
