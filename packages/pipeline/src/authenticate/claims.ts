import { VaultError } from '@scaivault/errors';
import { compileGlob, type Glob } from '@scaivault/tenancy';
import type { JWTPayload } from 'jose';
import type { VerifiedToken } from './verified-token.ts';

/** Names of the claims we read; any OpenID Connect issuer can be fitted by them (rest-api-core 2.1). */
export interface ClaimNames {
  readonly tenant: string;
  readonly partner: string;
  readonly groups: string;
  readonly roles: string;
  readonly scopes: string;
  readonly mfa: string;
  /** Values of `acr` that stand for a second factor too. */
  readonly mfaContexts?: ReadonlySet<string>;
}

const unsound = (what: string): VaultError =>
  new VaultError('token_invalid', 'The token is not valid.', { cause: new Error(`claim ${what} has no usable form`) });

const textClaim = (payload: JWTPayload, name: string): string | null => {
  const value = payload[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || value === '') throw unsound(name);
  return value;
};

/** A text (words parted by spaces) or a list of texts. */
const words = (payload: JWTPayload, name: string): readonly string[] => {
  const value = payload[name];
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw unsound(name);
};

/** The last second of the year 9999 (RFC 3339): what lies beyond is no time that an answer could show. */
const lastSecond = 253_402_300_799;

/** A NumericDate (RFC 7519 section 2) in milliseconds. */
const secondsClaim = (payload: JWTPayload, name: string): number | null => {
  const value = payload[name];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !(Math.abs(value) <= lastSecond)) throw unsound(name);
  return Math.floor(value * 1000);
};

const globsClaim = (payload: JWTPayload): readonly Glob[] | null => {
  const value = payload.scv_paths;
  if (value === undefined) return null;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw unsound('scv_paths');
  try {
    return value.map((pattern) => compileGlob(pattern));
  } catch (error) {
    throw new VaultError('token_invalid', 'The token is not valid.', { cause: error });
  }
};

const actorClaim = (payload: JWTPayload): string | null => {
  const { act } = payload;
  if (act === undefined) return null;
  const subject = typeof act === 'object' && act !== null && 'sub' in act ? act.sub : undefined;
  if (typeof subject !== 'string') throw unsound('act');
  return subject;
};

/** `roles` and its other usual name; a claim that was configured instead stands alone. */
const rolesClaim = (payload: JWTPayload, name: string): readonly string[] =>
  name === 'roles' ? [...words(payload, 'roles'), ...words(payload, 'role')] : words(payload, name);

/** A token that is bound to a client certificate is worth nothing without it (RFC 8705), and no listener shows us one. */
const refuseBoundToken = ({ cnf }: JWTPayload): void => {
  if (typeof cnf === 'object' && cnf !== null && 'x5t#S256' in cnf) throw unsound('cnf');
};

const longestName = 256;

const withPrefix = (prefix: 'user' | 'sa', name: string): string =>
  name.startsWith(`${prefix}:`) ? name : `${prefix}:${name}`;

const tellsOfMfa = (payload: JWTPayload, names: ClaimNames): boolean =>
  words(payload, names.mfa).includes('mfa') ||
  (typeof payload.acr === 'string' && names.mfaContexts?.has(payload.acr) === true);

/** When a second factor was given: `auth_time` of a token that tells of one, else its `iat` (rest-api-core 2.1). */
const mfaTime = (payload: JWTPayload, names: ClaimNames): number | null =>
  tellsOfMfa(payload, names) ? (secondsClaim(payload, 'auth_time') ?? secondsClaim(payload, 'iat')) : null;

/** A token of a program: ScaiKey's word for it, Auth0's (`gty`), Entra ID's (`idtyp`), or the subject's prefix. */
const isOfService = (payload: JWTPayload, subject: string): boolean =>
  payload.token_type === 'client_credentials' ||
  payload.gty === 'client-credentials' ||
  payload.idtyp === 'app' ||
  subject.startsWith('sa:');

/** An address that its issuer has not verified is whatever its bearer typed, and policies go by it. */
const verifiedEmail = (payload: JWTPayload): string | null =>
  payload.email_verified === false ? null : textClaim(payload, 'email');

/** The verified payload as our own words; 401 `token_invalid` when a claim has no usable form. */
export const readClaims = (payload: JWTPayload, names: ClaimNames): VerifiedToken => {
  refuseBoundToken(payload);
  const subject = textClaim(payload, 'sub');
  if (subject === null || subject.length > longestName) throw unsound('sub');
  const expiresAtMs = secondsClaim(payload, 'exp');
  if (expiresAtMs === null) throw unsound('exp');
  const isService = isOfService(payload, subject);
  const name = isService ? (textClaim(payload, 'client_id') ?? subject) : (verifiedEmail(payload) ?? subject);
  if (name.length > longestName) throw unsound(isService ? 'client_id' : 'email');
  return {
    subject,
    tenantId: textClaim(payload, names.tenant),
    partnerId: textClaim(payload, names.partner),
    identityType: isService ? 'service_account' : 'user',
    claimedIdentityId: withPrefix(isService ? 'sa' : 'user', name),
    displayName: textClaim(payload, 'name'),
    groups: words(payload, names.groups),
    roles: rolesClaim(payload, names.roles),
    scopes: new Set(words(payload, names.scopes)),
    issuedAtMs: secondsClaim(payload, 'iat'),
    notBeforeMs: secondsClaim(payload, 'nbf'),
    expiresAtMs,
    mfaVerifiedAtMs: mfaTime(payload, names),
    actorId: actorClaim(payload),
    allowedPaths: globsClaim(payload),
  };
};
