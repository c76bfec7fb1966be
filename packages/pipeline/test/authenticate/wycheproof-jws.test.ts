import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compactVerify, decodeProtectedHeader, type JWK } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createKeySet } from '../../src/authenticate/key-set.ts';
import { createTokenVerifier, signatureAlgorithms } from '../../src/authenticate/token-verifier.ts';
import { everyTenant } from '../../src/authenticate/trusted-issuer.ts';

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: string;
  readonly result: 'valid' | 'invalid';
}
interface Group {
  readonly public?: JWK;
  readonly private: JWK;
  readonly tests: readonly Vector[];
}

const folder = process.env.TEST_VECTORS_DIR ?? join(import.meta.dirname, '../../../../../shared/vectors');
const file = join(folder, 'wycheproof/json_web_signature_test.json');
const isThere = existsSync(file);
if (!isThere) process.stdout.write(`JWS against Wycheproof is skipped: there is no ${file}; set TEST_VECTORS_DIR.\n`);
const groups: readonly Group[] = isThere ? JSON.parse(readFileSync(file, 'utf8')).testGroups : [];
const vectors = groups.flatMap(({ tests, public: key, private: secret }) =>
  tests.map((vector) => ({ ...vector, key: key ?? secret })),
);

const algOf = (jws: string): unknown => {
  try {
    return decodeProtectedHeader(jws).alg;
  } catch {
    return undefined;
  }
};
const isOurs = (jws: string): boolean => signatureAlgorithms.includes(String(algOf(jws)));

/** The issuer's key set as we fetch it, with the one key of the vector. */
const keySetOf = (key: JWK) => {
  const keySet = createKeySet({
    locate: async () => 'https://idp.test/jwks',
    fetchJson: async () => ({ keys: [key] }),
    refreshMs: 600_000,
    nowMs: Date.now,
    onFailure: () => {},
  });
  onTestFinished(() => keySet.stop());
  return keySet;
};
const isAccepted = (key: JWK, jws: string): Promise<boolean> =>
  compactVerify(jws, keySetOf(key).getKey, { algorithms: signatureAlgorithms }).then(
    () => true,
    () => false,
  );

describe.skipIf(!isThere)('JWS against Wycheproof', () => {
  it('has vectors of both kinds to look at', () => {
    const ours = vectors.filter(({ result, jws }) => result === 'valid' && isOurs(jws));
    expect([vectors.length, ours.length]).toEqual([401, 16]);
  });

  it.each(vectors.filter(({ result, jws }) => result === 'valid' && isOurs(jws)))(
    'takes the signature of vector $tcId $comment',
    async ({ key, jws }) => expect(await isAccepted(key, jws)).toBe(true),
  );

  it('refuses every other signature: the forged, and the good ones of algorithms that are not on the list', async () => {
    const taken = [];
    for (const { tcId, comment, key, jws, result } of vectors) {
      if (result === 'valid' && isOurs(jws)) continue;
      if (await isAccepted(key, jws)) taken.push(`${tcId} ${comment}`);
    }
    expect(taken).toEqual([]);
  });

  it('takes none of them for a token, since none says who it is', async () => {
    for (const { key, jws } of vectors) {
      const verify = createTokenVerifier({
        issuers: [
          {
            issuer: 'https://idp.test',
            audience: 'scaivault',
            keySet: keySetOf(key),
            claims: { tenant: 't', partner: 'p', groups: 'g', roles: 'r', scopes: 's', mfa: 'm' },
            tenants: everyTenant,
          },
        ],
        leewayMs: 60_000,
        nowMs: Date.now,
      });
      await expect((async () => verify(jws))()).rejects.toMatchObject({ code: 'token_invalid' });
    }
  });
});
