import { VaultError } from '@scaivault/errors';

/** 401 `token_invalid`, of the subject token. */
export const subjectInvalid = (cause?: unknown): VaultError =>
  new VaultError('token_invalid', 'The subject token is not valid.', { cause });

/** When a JWT says it ends, in milliseconds, unproven; undefined when it does not say. Throws 401 for what is no JWT. */
export const subjectEndMs = (token: string): number | undefined => {
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token)?.[1];
  if (payload === undefined) throw subjectInvalid();
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch (error) {
    throw subjectInvalid(error);
  }
  if (typeof claims !== 'object' || claims === null) throw subjectInvalid();
  return 'exp' in claims && typeof claims.exp === 'number' ? claims.exp * 1000 : undefined;
};
