import { formatSeconds } from '@scaivault/tenancy';
import { canonicalJson } from '../seal/canonical-json.ts';

interface PublicKey {
  readonly keyId: string;
  /** 32 raw bytes. */
  readonly publicKey: Buffer;
  readonly createdAtMicros: number;
  readonly retiredAtMicros: number | null;
}

const seconds = (micros: number): string => formatSeconds(micros / 1000);

/** The text of keys.json: the JWK set (RFC 7517, RFC 8037) that `GET /v1/audit/keys` shows. */
export const keySet = (keys: readonly PublicKey[]): string =>
  `${canonicalJson({
    keys: keys.map(({ keyId, publicKey, createdAtMicros, retiredAtMicros }) => ({
      kty: 'OKP',
      crv: 'Ed25519',
      x: publicKey.toString('base64url'),
      kid: keyId,
      use: 'sig',
      alg: 'EdDSA',
      created_at: seconds(createdAtMicros),
      retired_at: retiredAtMicros === null ? null : seconds(retiredAtMicros),
    })),
  })}\n`;
