import { chmod, mkdir } from 'node:fs/promises';

/** Where things go that an unprivileged user must reach when the data folder or the program's own folder is closed to it. */
export const defaultSystemFolder = '/var/lib/scaivault';

/** Creates it, open for everybody to pass through whatever the umask says. */
export const ensureSystemFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
};
