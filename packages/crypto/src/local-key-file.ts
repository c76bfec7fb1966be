import { randomBytes, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VaultError } from '@scaivault/errors';
import { keyBytes } from './secret-key.ts';

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const refuse = (message: string, cause?: unknown): VaultError => new VaultError('invalid_config', message, { cause });

const requireOwnersOnly = async (handle: FileHandle, keyFile: string): Promise<void> => {
  const stats = await handle.stat();
  if (!stats.isFile()) throw refuse(`The root key ${keyFile} is not a regular file. Name a file of ${keyBytes} bytes.`);
  if ((stats.mode & 0o077) !== 0) {
    throw refuse(`Others than its owner may use the root key file ${keyFile}. Run: chmod 600 ${keyFile}`);
  }
};

/**
 * The 32 raw bytes of a root key file, which the caller wipes. Symbolic links are followed (mounted secrets are links);
 * `invalid_config`, with what to do, for a file that is missing, unreadable, open to others or of another length.
 */
export const readKeyFile = async (keyFile: string): Promise<Buffer> => {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK a named pipe in this place would hang the start for ever.
    handle = await open(keyFile, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const remedy = hasCode(cause, 'ENOENT')
      ? 'Restore it from the backup, or for a new installation allow its creation.'
      : 'Let the user that runs ScaiVault read it.';
    throw refuse(`The root key file ${keyFile} cannot be opened. ${remedy}`, cause);
  }
  const raw = Buffer.alloc(keyBytes + 1);
  try {
    await requireOwnersOnly(handle, keyFile);
    const { bytesRead } = await handle.read(raw, 0, raw.length);
    if (bytesRead !== keyBytes) {
      throw refuse(
        `The root key file ${keyFile} must hold ${keyBytes} raw bytes, neither hex nor Base64 nor a newline.`,
      );
    }
    return Buffer.from(raw.subarray(0, keyBytes));
  } finally {
    raw.fill(0);
    await handle.close();
  }
};

const isAbsent = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.F_OK);
    return false;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
};

const writeDurably = async (path: string, content: Uint8Array): Promise<void> => {
  await using handle = await open(path, 'wx', 0o600);
  await handle.writeFile(content);
  await handle.sync();
};

const syncFolder = async (path: string): Promise<void> => {
  await using handle = await open(path, constants.O_RDONLY);
  await handle.sync();
};

/** Puts a new key into place, all of it at once, unless another file got there first; throws what the system says. */
export const publishKeyFile = async (keyFile: string): Promise<void> => {
  const draft = `${keyFile}.${randomUUID()}.new`;
  const raw = randomBytes(keyBytes);
  try {
    await writeDurably(draft, raw);
    // A link never replaces a file: of several creators one wins, and all of them read the winner's key.
    await link(draft, keyFile);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    raw.fill(0);
    await rm(draft, { force: true });
  }
};

/**
 * Makes a root key file of mode 0600 with 32 random bytes unless there is a file already. When it returns, the file of
 * whoever won is complete and survives a power cut; `invalid_config` when the folder does not allow it.
 */
export const ensureKeyFile = async (keyFile: string): Promise<void> => {
  try {
    if (await isAbsent(keyFile)) await publishKeyFile(keyFile);
    // Also when another process made it a moment ago: nothing may be wrapped by a key that can still be lost.
    await syncFolder(dirname(keyFile));
  } catch (cause) {
    throw refuse(
      `The root key file ${keyFile} cannot be created. Make its folder writable, or provide the file.`,
      cause,
    );
  }
};
