import { createHash, randomBytes } from 'node:crypto';
import { VaultError } from '@scaivault/errors';
import { createLocalJWKSet, type JWTPayload, errors as joseErrors, jwtVerify } from 'jose';
import { ulid } from 'ulid';
import { findById } from './directory.ts';
import type { EmulatorState } from './emulator-state.ts';
import { currentKey, publicJwk, signClaims } from './signing-keys.ts';
import { buildClaims, DEFAULT_TOKEN_SECONDS, type TokenClaims } from './token-claims.ts';
import type { TokenRequest } from './token-request.ts';

const PERSONAL_TOKEN_SECONDS = 90 * 24 * 3600;

export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
}

export interface PersonalTokenAnswer {
  readonly id: string;
  /** `skt_...`, shown this once. */
  readonly access_token: string;
  readonly expires_in: number;
}

export interface TokenIssuer {
  claimsFor(request: TokenRequest): TokenClaims;
  /** An ES256 JWT. */
  mintToken(request: TokenRequest): Promise<TokenAnswer>;
  createPersonalToken(request: TokenRequest): Promise<PersonalTokenAnswer>;
  revokePersonalToken(id: string): Promise<void>;
  /** The claims of a JWT or `skt_` token that is good now and whose holder is active; `undefined` otherwise. */
  inspect(token: string): Promise<JWTPayload | undefined>;
}

const digest = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Makes and reads the emulator's tokens; `url` is its own base address, of which every issuer is made. */
export const createTokenIssuer = (parts: {
  state: EmulatorState;
  save: () => Promise<void>;
  url: () => string;
  audience: string;
  now: () => Date;
}): TokenIssuer => {
  const { state, save, url, audience, now } = parts;
  const seconds = (): number => Math.floor(now().getTime() / 1000);
  const claimsAt = (request: TokenRequest, at: number, jti: string): TokenClaims =>
    buildClaims(request, { directory: state.directory, url: url(), audience, now: at, jti });
  const claimsFor = (request: TokenRequest): TokenClaims => claimsAt(request, seconds(), `jti_${ulid()}`);

  const readJwt = async (token: string): Promise<JWTPayload | undefined> => {
    try {
      const keySet = createLocalJWKSet({ keys: state.keys.map(publicJwk) });
      const { payload } = await jwtVerify(token, keySet, { audience, currentDate: now() });
      return payload.iss === url() || payload.iss?.startsWith(`${url()}/tenants/`) ? payload : undefined;
    } catch (error) {
      if (error instanceof joseErrors.JOSEError) return undefined;
      throw error;
    }
  };

  const readPersonalToken = (token: string): JWTPayload | undefined => {
    const sha256 = digest(token);
    const stored = state.personalTokens.find((candidate) => candidate.sha256 === sha256);
    if (stored === undefined || stored.expiresAt <= seconds()) return undefined;
    const { issuedAt, expiresAt } = stored;
    // Built anew at each look, so that a changed role or e-mail shows.
    const claims = claimsAt(stored.request, issuedAt, stored.id);
    return { ...claims, aud: claims.aud, iat: issuedAt, nbf: issuedAt, exp: expiresAt };
  };

  return {
    claimsFor,
    async mintToken(request) {
      const token = await signClaims(currentKey(state.keys, 'ES256'), claimsFor(request));
      return { access_token: token, token_type: 'Bearer', expires_in: request.expires_in ?? DEFAULT_TOKEN_SECONDS };
    },
    async createPersonalToken(request) {
      const token = `skt_${randomBytes(32).toString('base64url')}`;
      const issuedAt = seconds();
      const lifetime = request.expires_in ?? PERSONAL_TOKEN_SECONDS;
      const id = `pat_${ulid()}`;
      state.personalTokens.push({ id, sha256: digest(token), request, issuedAt, expiresAt: issuedAt + lifetime });
      await save();
      return { id, access_token: token, expires_in: lifetime };
    },
    async revokePersonalToken(id) {
      const index = state.personalTokens.findIndex((candidate) => candidate.id === id);
      if (index < 0) throw new VaultError('not_found', 'No such personal token.');
      state.personalTokens.splice(index, 1);
      await save();
    },
    async inspect(token) {
      const claims = token.startsWith('skt_') ? readPersonalToken(token) : await readJwt(token);
      const holder = claims?.sub === undefined ? undefined : findById(state.directory, 'users', claims.sub);
      return holder === undefined || holder.status === 'ACTIVE' ? claims : undefined;
    },
  };
};
