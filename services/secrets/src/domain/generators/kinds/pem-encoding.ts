/** PKCS#8 (RFC 5958) and SubjectPublicKeyInfo (RFC 5280) in the PEM of RFC 7468. */
export const pemEncoding = {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
} as const;
