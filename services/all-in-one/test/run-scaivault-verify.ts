import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const program = join(import.meta.dirname, '../../../packages/verify/src/main.ts');

/** Runs the verifier as its own process, with nothing but files. */
export const runScaivaultVerify = async (args: readonly string[]) => {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--json', ...args], { env: {} });
    return { code: 0, report: JSON.parse(stdout) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, report: stdout === '' ? stderr : JSON.parse(stdout) };
  }
};
