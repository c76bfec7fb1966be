import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { openEnvelope, sealEnvelope } from '@scaivault/crypto';
import type { SealedRowKey } from '@scaivault/db';
import type { KeyedRow, KeySeal } from './key-seal.ts';

/** Content of a row under a key of its own, which the key chain has sealed. */
export interface SealedContent {
  readonly ciphertext: Buffer;
  readonly sealedKey: SealedRowKey;
}

const keyBytes = 32;

const takeKey = (raw: Uint8Array): KeyObject => {
  const key = createSecretKey(raw);
  raw.fill(0);
  return key;
};

/** Encrypts content of a row for the place that `aad` names (`encodeAad`), under a new key. 503 as the seal gives it. */
export const sealContent = async (
  seal: Pick<KeySeal, 'seal'>,
  row: KeyedRow,
  content: Uint8Array,
  aad: Uint8Array,
): Promise<SealedContent> => {
  const raw = randomBytes(keyBytes);
  const sealedKey = await seal.seal(row, raw);
  return { ciphertext: sealEnvelope(takeKey(raw), content, aad), sealedKey };
};

/** The content of `sealContent`; IntegrityError when row, `aad` or any byte differs, 503 as the seal gives it. */
export const openContent = async (
  seal: Pick<KeySeal, 'open'>,
  row: KeyedRow,
  { ciphertext, sealedKey }: SealedContent,
  aad: Uint8Array,
): Promise<Buffer> => openEnvelope(takeKey(await seal.open(row, sealedKey)), ciphertext, aad);
