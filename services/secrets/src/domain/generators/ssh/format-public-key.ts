import type { SshKey } from './ssh-key.ts';
import { string } from './wire.ts';

/** The public key as it goes over the wire and into both files (RFC 4253, 6.6). */
export const publicBlob = ({ type, publicPart }: SshKey): Buffer => Buffer.concat([string(type), publicPart]);

/** A line of `authorized_keys` (sshd(8)), without its line break. */
export const formatPublicKey = (key: SshKey, comment: string): string =>
  [key.type, publicBlob(key).toString('base64'), comment].filter((word) => word !== '').join(' ');
