import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import type { UnprivilegedUser } from './unprivileged-user.ts';

/** Nothing of our own environment, which holds secrets; a folder everybody can be in. */
export const programOptions = (user: UnprivilegedUser | undefined) => ({
  ...(user ?? {}),
  cwd: '/',
  env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
});

/** Runs one of PostgreSQL's programs to its end; an Error with what it printed when it fails. */
export const runProgram = (
  { root }: Binaries,
  program: 'initdb' | 'postgres',
  args: readonly string[],
  { user, input = '' }: { readonly user: UnprivilegedUser | undefined; readonly input?: string },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(join(root, 'bin', program), args, { ...programOptions(user), stdio: 'pipe' });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`${program} ended with ${signal ?? code}:\n${output}`)),
    );
    child.stdin.on('error', () => {}); // A program that ends without reading its input says why on its own.
    child.stdin.end(input);
  });
