import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Component, describeWithComponent } from '@scaivault/testkit/component';
import { expect, it, onTestFinished } from 'vitest';
import { generate } from '../generate.ts';
import { parseRecipe } from '../parse-recipe.ts';

type Run = (args: readonly string[], input?: string) => { readonly status: number | null; readonly output: string };

/** A program that judges our keys by its own reading of the formats. */
const program = (name: string): Component<Run> => {
  const run: Run = (args, input = '') => {
    const { status, stdout, stderr } = spawnSync(name, args, { input, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };
  return spawnSync(name, ['-?']).error === undefined
    ? { name, start: () => Promise.resolve(run) }
    : { name, missing: `no ${name} on PATH` };
};

const draw = async (generator: string, config: object) => {
  const recipe = parseRecipe([{ name: 'private_key', generator, config: Buffer.from(JSON.stringify(config)) }]);
  const { private_key: privateKey = '', public_key: publicKey = '' } = await generate(recipe, {
    randomBytes,
    nowMs: Date.now,
  });
  return { privateKey, publicKey };
};

/** A file that ssh-keygen takes for a private one. */
const privateFile = (content: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scaivault-ssh-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'key');
  writeFileSync(path, content, { mode: 0o600 });
  return path;
};

describeWithComponent(program('openssl'), (start) => {
  it.each([
    ['rsa_keypair', { bits: 2048 }],
    ['rsa_keypair', { bits: 4096 }],
    ['ec_keypair', { curve: 'P-256' }],
    ['ec_keypair', { curve: 'P-384' }],
  ])('%s with %j makes a valid key and derives the same public one', async (generator, config) => {
    const openssl = await start();
    const { privateKey, publicKey } = await draw(generator, config);
    expect(openssl(['pkey', '-check', '-noout'], privateKey)).toEqual({ status: 0, output: 'Key is valid\n' });
    expect(openssl(['pkey', '-pubout'], privateKey)).toEqual({ status: 0, output: publicKey });
    expect(openssl(['pkey', '-pubin', '-pubcheck', '-noout'], publicKey).status).toBe(0);
  });
});

describeWithComponent(program('ssh-keygen'), (start) => {
  it.each([
    [{}, /^256 SHA256:\S+ no comment \(ED25519\)\n$/],
    [{ comment: 'deploy key @host' }, /^256 SHA256:\S+ deploy key @host \(ED25519\)\n$/],
    [{ comment: 'c'.repeat(128) }, /^256 SHA256:\S+ c{128} \(ED25519\)\n$/],
    [{ key_type: 'rsa', comment: 'ci' }, /^4096 SHA256:\S+ ci \(RSA\)\n$/],
  ])('ssh_keypair with %j makes files that belong together', async (config, fingerprint) => {
    const sshKeygen = await start();
    const { privateKey, publicKey } = await draw('ssh_keypair', config);
    const privatePath = privateFile(privateKey);
    expect(sshKeygen(['-y', '-P', '', '-f', privatePath])).toEqual({ status: 0, output: `${publicKey}\n` });
    const ofPublic = sshKeygen(['-l', '-f', privateFile(publicKey)]);
    expect(ofPublic.status).toBe(0);
    expect(ofPublic.output).toMatch(fingerprint);
    // Where there is no comment it says so of the one and nothing of the other.
    expect(sshKeygen(['-l', '-f', privatePath]).output.split(' ', 2)).toEqual(ofPublic.output.split(' ', 2));
  });

  it('ssh_keypair signs what its public line verifies', async () => {
    const sshKeygen = await start();
    const { privateKey, publicKey } = await draw('ssh_keypair', {});
    const signed = sshKeygen(['-Y', 'sign', '-n', 'file', '-f', privateFile(privateKey)], 'message');
    const signature = privateFile(signed.output.slice(signed.output.indexOf('-----BEGIN')));
    const signers = privateFile(`us ${publicKey}\n`);
    const verdict = sshKeygen(['-Y', 'verify', '-n', 'file', '-I', 'us', '-s', signature, '-f', signers], 'message');
    expect(verdict.output).toContain('Good "file" signature');
    expect(verdict.status).toBe(0);
  });
});
