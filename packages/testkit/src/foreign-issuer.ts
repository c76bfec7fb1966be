import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** An issuer beside the identity provider, such as a CI system; its tokens end after five minutes. */
export interface ForeignIssuer {
  readonly jwks: { readonly keys: readonly JWK[] };
  sign(claims: JWTPayload): Promise<string>;
}

export const createForeignIssuer = async (issuer: string): Promise<ForeignIssuer> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  return {
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'foreign' }] },
    sign: (claims) =>
      new SignJWT({ iss: issuer, exp: Math.floor(Date.now() / 1000) + 300, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'foreign' })
        .sign(privateKey),
  };
};
