import { createHmac, createSecretKey } from 'node:crypto';
import { openEnvelope, sealEnvelope } from '@scaivault/crypto';

const macBytes = 32;

/** One key for fingerprints and one for the answer. */
export const rowKeyBytes = macBytes + 32;

/** What a row's own key can do. */
export interface RowCipher {
  /** HMAC-SHA-256 of a text and bytes behind it, so that no plain digest is kept (rest-api-core 1.6). */
  fingerprint(subject: readonly string[], content: Uint8Array): Buffer;
  sealAnswer(answer: Uint8Array): Buffer;
  /** IntegrityError for bytes of another row. */
  openAnswer(sealed: Uint8Array): Buffer;
}

/** The key belongs to one row, so the use is all there is to bind. */
const answerUse = Buffer.from('scaivault:idempotency:answer');

/** Takes a row's key, 64 bytes, and overwrites it. */
export const takeRowKey = (raw: Uint8Array): RowCipher => {
  if (raw.length !== rowKeyBytes) throw new Error(`The key of a row has ${raw.length} bytes, not ${rowKeyBytes}.`);
  const macKey = createSecretKey(raw.subarray(0, macBytes));
  const answerKey = createSecretKey(raw.subarray(macBytes));
  raw.fill(0);
  return {
    // JSON says itself where it ends, so no other pair has these bytes.
    fingerprint: (subject, content) =>
      createHmac('sha256', macKey).update(JSON.stringify(subject)).update(content).digest(),
    sealAnswer: (answer) => sealEnvelope(answerKey, answer, answerUse),
    openAnswer: (sealed) => openEnvelope(answerKey, sealed, answerUse),
  };
};
