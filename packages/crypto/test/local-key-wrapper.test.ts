import { chmod, link, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isVaultError, type VaultError } from '@scaivault/errors';
import { parsePartnerId, partnerScope, scopeId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import type { KeyContext } from '../src/key-wrapper.ts';
import { publishKeyFile } from '../src/local-key-file.ts';
import { openLocalKeyWrapper } from '../src/local-key-wrapper.ts';
import { keyWrapperContract } from './key-wrapper-contract.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

keyWrapperContract('local', async () => {
  const folder = await createTemporaryFolder();
  return {
    open: () => openLocalKeyWrapper({ keyFile: join(folder.path, 'root.key'), create: true }),
    openOther: () => openLocalKeyWrapper({ keyFile: join(folder.path, 'other.key'), create: true }),
    dispose: async () => folder[Symbol.asyncDispose](),
  };
});

const context: KeyContext = { level: 'partner', scopeId: scopeId(partnerScope(parsePartnerId('p'))) };

const refusal = async (keyFile: string, create = false): Promise<VaultError> => {
  const error: unknown = await openLocalKeyWrapper({ keyFile, create }).catch((thrown: unknown) => thrown);
  if (!isVaultError(error, 'invalid_config')) throw new Error(`expected invalid_config, got ${inspect(error)}`);
  return error;
};

describe('the local root key file', () => {
  it('is created with 32 bytes for its owner alone, and nothing is left beside it', async () => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    await openLocalKeyWrapper({ keyFile, create: true });
    const { mode, size } = await stat(keyFile);
    expect([mode & 0o777, size]).toEqual([0o600, 32]);
    expect(await readdir(folder.path)).toEqual(['root.key']);
  });

  it('is different in each place and stays what it is when opened again', async () => {
    await using folder = await createTemporaryFolder();
    const open = async (name: string) => {
      const keyFile = join(folder.path, name);
      await openLocalKeyWrapper({ keyFile, create: true });
      return readFile(keyFile, 'hex');
    };
    const first = await open('a.key');
    expect(await open('b.key')).not.toBe(first);
    expect(await open('a.key')).toBe(first);
  });

  it('is one and the same for all who create it at the same time', async () => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    const wrappers = await Promise.all(
      Array.from({ length: 16 }, () => openLocalKeyWrapper({ keyFile, create: true })),
    );
    const descriptions = await Promise.all(wrappers.map((wrapper) => wrapper.describe()));
    expect(new Set(descriptions.map(({ keyRef }) => keyRef)).size).toBe(1);
    expect(await readdir(folder.path)).toEqual(['root.key']);
  });

  it('never replaces one that appeared a moment earlier', async () => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    await writeFile(keyFile, 'the winner');
    await publishKeyFile(keyFile);
    expect(await readFile(keyFile, 'utf8')).toBe('the winner');
    expect(await readdir(folder.path)).toEqual(['root.key']);
  });

  it('leaves its folder untouched once it exists', async () => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    await openLocalKeyWrapper({ keyFile, create: true });
    await utimes(folder.path, 1, 1);
    await openLocalKeyWrapper({ keyFile, create: true });
    expect((await stat(folder.path)).mtimeMs).toBe(1_000);
  });

  it('is not created unasked', async () => {
    await using folder = await createTemporaryFolder();
    expect((await refusal(join(folder.path, 'root.key'))).message).toContain('Restore it from the backup');
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('is refused in a folder that does not exist', async () => {
    await using folder = await createTemporaryFolder();
    expect((await refusal(join(folder.path, 'no', 'root.key'), true)).message).toContain('cannot be created');
  });

  it.each([0o640, 0o604, 0o620, 0o601, 0o644])('is refused with mode %o', async (mode) => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    await writeFile(keyFile, Buffer.alloc(32, 5));
    await chmod(keyFile, mode);
    for (const create of [false, true]) expect((await refusal(keyFile, create)).message).toContain('chmod 600');
  });

  it.each([0o600, 0o400])('is accepted with mode %o', async (mode) => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    await writeFile(keyFile, Buffer.alloc(32, 5), { mode });
    await expect(openLocalKeyWrapper({ keyFile, create: false })).resolves.toBeDefined();
  });

  it.each([0, 31, 33, 64, 4096])('is refused with %d bytes, and is not replaced', async (size) => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    await writeFile(keyFile, Buffer.alloc(size, 0x41), { mode: 0o600 });
    const error = await refusal(keyFile, true);
    expect(error.message).toContain('32 raw bytes');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/AAAA|41414141|41 41 41/);
    expect((await stat(keyFile)).size).toBe(size);
  });

  it('is refused when it is a folder', async () => {
    await using folder = await createTemporaryFolder();
    await mkdir(join(folder.path, 'root.key'), { mode: 0o700 });
    expect((await refusal(join(folder.path, 'root.key'), true)).message).toContain('not a regular file');
  });

  it('may be a symbolic link, as mounted secrets are, judged by what it points to', async () => {
    await using folder = await createTemporaryFolder();
    const target = join(folder.path, 'target');
    const keyFile = join(folder.path, 'root.key');
    await writeFile(target, Buffer.alloc(32, 5), { mode: 0o600 });
    await symlink(target, keyFile);
    await expect(openLocalKeyWrapper({ keyFile, create: true })).resolves.toBeDefined();
    await chmod(target, 0o644);
    await refusal(keyFile);
  });

  it('is missed when it was swapped for another one', async () => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    const former = await openLocalKeyWrapper({ keyFile, create: true });
    const { wrapped, keyRef } = await former.wrap(Buffer.alloc(32, 9), context);
    await link(keyFile, join(folder.path, 'backup'));
    await rm(keyFile);

    const present = await openLocalKeyWrapper({ keyFile, create: true });
    const error: unknown = await present.unwrap(wrapped, keyRef, context).catch((thrown: unknown) => thrown);
    expect(isVaultError(error, 'invalid_config')).toBe(true);
    expect(inspect(error)).toContain('another root key');
    expect(inspect(error)).toContain(keyRef);

    const restored = await openLocalKeyWrapper({ keyFile: join(folder.path, 'backup'), create: false });
    expect(await restored.unwrap(wrapped, keyRef, context)).toEqual(Buffer.alloc(32, 9));
  });

  it('has a stable name that is no part of the key', async () => {
    await using folder = await createTemporaryFolder();
    const keyFile = join(folder.path, 'root.key');
    await writeFile(keyFile, Buffer.alloc(32, 5), { mode: 0o600 });
    const wrapper = await openLocalKeyWrapper({ keyFile, create: false });
    expect((await wrapper.describe()).keyRef).toBe('local:ef163105af05a653');
    expect(inspect(wrapper, { depth: 9, showHidden: true })).not.toContain('05 05');
  });
});
