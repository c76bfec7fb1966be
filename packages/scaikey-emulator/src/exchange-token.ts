import {
  createLocalJWKSet,
  decodeJwt,
  type JSONWebKeySet,
  type JWTPayload,
  errors as joseErrors,
  jwtVerify,
} from 'jose';
import { findIdentity, type User } from './directory.ts';
import type { EmulatorContext } from './emulator-context.ts';

export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessToken = 'urn:ietf:params:oauth:token-type:access_token';

/** A foreign issuer, and which of its subjects may become which service account. */
export interface Trust {
  readonly issuer: string;
  readonly jwks: JSONWebKeySet;
  /** `subject` may end with `*`; `role` is a service account's name, with or without `sa:`. */
  readonly mappings: readonly { readonly subject: string; readonly role: string }[];
}

interface Refusal {
  readonly error: string;
  readonly description: string;
}

type Form = Partial<Readonly<Record<string, string>>>;

const refusal = (error: string, description: string): Refusal => ({ error, description });

const words = (text: string | undefined): string[] | undefined => text?.split(' ').filter((word) => word !== '');

const fits = (pattern: string, subject: string): boolean =>
  pattern.endsWith('*') ? subject.startsWith(pattern.slice(0, -1)) : subject === pattern;

const readSubject = async (
  token: string,
  { trusts, now }: Pick<EmulatorContext, 'trusts' | 'now'>,
): Promise<{ readonly trust: Trust; readonly payload: JWTPayload } | Refusal> => {
  try {
    const trust = trusts.find(({ issuer }) => issuer === decodeJwt(token).iss);
    if (trust === undefined) return refusal('access_denied', 'The issuer of the subject token is not trusted.');
    const { payload } = await jwtVerify(token, createLocalJWKSet(trust.jwks), { currentDate: now() });
    return { trust, payload };
  } catch (error) {
    if (error instanceof joseErrors.JOSEError) return refusal('invalid_grant', 'The subject token is not valid.');
    throw error;
  }
};

const accountOf = (
  { trust, payload }: { readonly trust: Trust; readonly payload: JWTPayload },
  wished: string | undefined,
  context: Pick<EmulatorContext, 'state'>,
): User | Refusal => {
  const roles = trust.mappings.filter(({ subject }) => fits(subject, payload.sub ?? '')).map(({ role }) => role);
  const open = wished === undefined ? roles : roles.filter((role) => role === wished);
  const [role] = open;
  if (role === undefined) return refusal('access_denied', 'No mapping for this subject.');
  if (open.length > 1) return refusal('invalid_request', 'Name the role: the trust maps this subject to several.');
  const account = findIdentity(context.state.directory, role, undefined);
  return account?.status === 'ACTIVE' ? account : refusal('access_denied', 'The service account is not active.');
};

/**
 * Gives a service account's token for that of a foreign issuer (RFC 8693); the claim `act` says who stands behind it. What
 * was asked beyond the account's scopes is left out. `scv_paths` (globs parted by spaces) becomes the claim of that name.
 */
export const exchangeToken = async (
  form: Form,
  context: Pick<EmulatorContext, 'state' | 'tokens' | 'trusts' | 'now'>,
): Promise<object | Refusal> => {
  const { subject_token: subjectToken, role, scope, scv_paths: paths } = form;
  if (!subjectToken) return refusal('invalid_request', 'The form field "subject_token" is missing.');
  const subject = await readSubject(subjectToken, context);
  if ('error' in subject) return subject;
  const account = accountOf(subject, role, context);
  if ('error' in account) return account;
  const scopes = words(scope)?.filter((word) => account.scopes.includes(word)) ?? account.scopes;
  if (scopes.length === 0) return refusal('invalid_scope', 'The account has none of these scopes.');
  const allowedPaths = words(paths);
  const token = await context.tokens.mintToken({
    sub: account.id,
    scope: scopes,
    act: { sub: subject.payload.sub, iss: subject.trust.issuer },
    ...(allowedPaths !== undefined && { scv_paths: allowedPaths }),
  });
  return { ...token, issued_token_type: accessToken, scope: scopes.join(' ') };
};
