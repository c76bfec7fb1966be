import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { VaultError } from '@scaivault/errors';

export interface StateFile<State> {
  /** The one copy in memory; change it, then `save`. */
  readonly state: State;
  /** Resolves when everything changed before the call is on disk; calls that wait together share one write. */
  save(): Promise<void>;
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const readState = async <State>(path: string): Promise<State | undefined> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as State;
  } catch (cause) {
    throw new VaultError(
      'invalid_config',
      `The emulator's state file ${path} is not JSON; remove it to start afresh.`,
      {
        cause,
      },
    );
  }
};

const syncFolder = async (folder: string): Promise<void> => {
  await using handle = await open(folder, 'r');
  await handle.sync();
};

/** A reader sees the old file or the new one, never half of it, also after a power cut. */
const replaceFile = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    {
      await using handle = await open(temporary, 'wx', 0o600);
      await handle.writeFile(text);
      await handle.sync();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
};

/** Reads the JSON state at `path`, or makes it with `create` and writes it (mode 0600); `invalid_config` when unreadable. */
export const openStateFile = async <State>(path: string, create: () => Promise<State>): Promise<StateFile<State>> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const stored = await readState<State>(path);
  const state = stored ?? (await create());
  if (stored === undefined) await replaceFile(path, JSON.stringify(state));

  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return {
    state,
    save() {
      if (next !== undefined) return next;
      const write = async (): Promise<void> => {
        next = undefined;
        await replaceFile(path, JSON.stringify(state));
      };
      // A failed write was already reported to those who waited for it; the next one starts from the whole state.
      next = writing.then(write, write);
      writing = next;
      return next;
    },
  };
};
