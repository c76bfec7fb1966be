import { createHash } from 'node:crypto';
import type { SigningKey } from '@scaivault/crypto';
import { canonicalJson } from '../seal/canonical-json.ts';

/** First byte of what is hashed, so that no signature of a manifest is one of a checkpoint's head (those begin with 02). */
const manifestByte = 0x03;

/** What is signed of a manifest: SHA-256(03, RFC 8785 form). */
const manifestHash = (manifest: object): Buffer =>
  createHash('sha256').update(Buffer.of(manifestByte)).update(canonicalJson(manifest)).digest();

/** The text of manifest.json: the manifest, and who signed it. */
export const signManifest = (manifest: object, key: SigningKey): string =>
  `${canonicalJson({
    manifest,
    algorithm: 'Ed25519',
    key_id: key.keyId,
    signature: key.sign(manifestHash(manifest)).toString('base64url'),
  })}\n`;
