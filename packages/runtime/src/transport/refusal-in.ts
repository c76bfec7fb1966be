import type { VaultError } from '@scaivault/errors';
import { decodeWireError } from '../rpc/wire-error.ts';

/** The refusal in bytes of a peer, or undefined: what a peer sends is data, and none of it may end this process. */
export const refusalIn = (bytes: Uint8Array): VaultError | undefined => {
  try {
    return decodeWireError(bytes);
  } catch {
    // Not ours.
    return undefined;
  }
};
