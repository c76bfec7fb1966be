/**
 * `pnpm check:breaking`: holds proto/ against the contract as last committed on main. Where nothing has changed since
 * (a build of main itself), the commit before that is the measure; without any such commit there is nothing to break.
 *
 * `buf breaking --against .git#branch=main` cannot do this: buf.yaml names a module in node_modules, which is not in
 * git, so the old contract is unpacked beside a link to the installed one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
const contract = ['buf.yaml', 'proto'];

const git = (...args: string[]): { ok: boolean; stdout: Buffer } => {
  const { status, stdout, error } = spawnSync('git', args, { cwd: root, maxBuffer: 64 << 20 });
  if (error !== undefined) throw error;
  return { ok: status === 0, stdout };
};

const holdsContract = (commit: string): boolean =>
  contract.every((path) => git('cat-file', '-e', `${commit}:${path}`).ok);

const findBaseline = (): string | undefined => {
  const main = ['main', 'origin/main'].find(holdsContract);
  if (main === undefined) return undefined;
  const unchanged = git('diff', '--quiet', main, '--', ...contract).ok;
  const baseline = unchanged ? `${main}~1` : main;
  return holdsContract(baseline) ? baseline : undefined;
};

const unpack = (commit: string, folder: string): void => {
  const archive = git('archive', commit, ...contract).stdout;
  const { status } = spawnSync('tar', ['-x', '-C', folder], { input: archive, stdio: ['pipe', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`The contract of ${commit} cannot be unpacked.`);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules/protobufjs'), join(folder, 'node_modules/protobufjs'));
};

const baseline = findBaseline();
if (baseline === undefined) {
  process.stdout.write('No earlier contract on main: nothing to break.\n');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'scaivault-contract-'));
  try {
    unpack(baseline, folder);
    const { status } = spawnSync('buf', ['breaking', '--against', folder], { cwd: root, stdio: 'inherit' });
    process.exitCode = status ?? 1;
    process.stdout.write(`Compared with ${baseline}.\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
