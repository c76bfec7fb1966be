import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decryptAesGcm, encryptAesGcm } from '../src/aes-gcm.ts';
import { IntegrityError } from '../src/integrity-error.ts';

interface Case {
  readonly id: number;
  readonly comment: string;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly valid: boolean;
}

const file = new URL('./vectors/aes-256-gcm.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] };

const bytesOf = (vector: Case) => {
  const hex = (field: 'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag') => Buffer.from(vector[field], 'hex');
  const sealed = { ciphertext: hex('ct'), tag: hex('tag') };
  return { key: createSecretKey(hex('key')), nonce: hex('iv'), aad: hex('aad'), msg: hex('msg'), sealed };
};

describe('AES-256-GCM against Wycheproof', () => {
  it('has valid and invalid cases to look at', () => {
    expect(cases.filter(({ valid }) => valid)).toHaveLength(39);
    expect(cases.filter(({ valid }) => !valid)).toHaveLength(27);
  });

  it.each(cases.filter(({ valid }) => valid))('encrypts and decrypts case $id $comment', (vector) => {
    const { key, nonce, aad, msg, sealed } = bytesOf(vector);
    expect(decryptAesGcm(key, nonce, sealed, aad)).toEqual(msg);
    expect(encryptAesGcm(key, nonce, msg, aad)).toEqual(sealed);
  });

  it.each(cases.filter(({ valid }) => !valid))('refuses case $id $comment', (vector) => {
    const { key, nonce, aad, sealed } = bytesOf(vector);
    expect(() => decryptAesGcm(key, nonce, sealed, aad)).toThrowError(IntegrityError);
  });
});
