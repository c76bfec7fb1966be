import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us to run: the search goes on.
    return false;
  }
};

const goFolders = (): string[] => {
  try {
    const [bin = '', path = ''] = execFileSync('go', ['env', 'GOBIN', 'GOPATH'], { encoding: 'utf8' }).split('\n');
    return [bin, join(path, 'bin')].filter((folder) => folder !== '');
  } catch {
    // A machine may have the program without the compiler that made it.
    return [join(homedir(), 'go', 'bin')];
  }
};

const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'scaivault', 'components');

/**
 * The path of a program, looked for on PATH, where `go install` puts programs, and in `~/.cache/scaivault/components`;
 * undefined when it is in none of them.
 */
export const findProgram = (name: string): string | undefined => {
  const firstIn = (folders: readonly string[]) => folders.map((folder) => join(folder, name)).find(isExecutable);
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return firstIn(onPath) ?? firstIn([cacheFolder(), ...goFolders()]);
};
