import { type DirectoryData, findIdentity, partnerIdOf, type User } from './directory.ts';
import { defaultScopes } from './scopes.ts';
import type { TokenRequest } from './token-request.ts';

export const DEFAULT_TOKEN_SECONDS = 3600;

export interface TokenClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  /** Unix seconds, as the next two. */
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
  readonly scope: string;
  readonly roles: readonly string[];
  readonly [claim: string]: unknown;
}

export interface ClaimsContext {
  readonly directory: DirectoryData;
  readonly url: string;
  readonly audience: string;
  /** Unix seconds. */
  readonly now: number;
  readonly jti: string;
}

const list = (value: string | readonly string[]): string[] =>
  (typeof value === 'string' ? [value] : value).flatMap((item) => item.split(/\s+/)).filter((item) => item !== '');

const looksLikeEmail = (value: string): boolean => /^[^\s@:]+@[^\s@]+$/.test(value);

interface Subject {
  readonly sub: string;
  readonly isServiceAccount: boolean;
  readonly name: string | undefined;
  readonly email: string | undefined;
}

const knownSubject = (user: User): Subject => ({
  sub: user.id,
  isServiceAccount: user.type === 'service_account',
  name: user.name ?? undefined,
  email: user.email ?? undefined,
});

/** Nobody the directory knows: the prefix says what it is, the rest is taken as it stands. */
const unknownSubject = (request: TokenRequest): Subject => {
  const isServiceAccount = request.client ?? request.sub.startsWith('sa:');
  const sub = request.sub.replace(isServiceAccount ? /^sa:/ : /^user:/, '');
  return {
    sub,
    isServiceAccount,
    name: isServiceAccount ? sub : undefined,
    email: !isServiceAccount && looksLikeEmail(sub) ? sub : undefined,
  };
};

/** `url` for the platform, `url/tenants/<id>` for a tenant; the issuers of all tokens. */
export const issuerOf = (url: string, tenantId: string | undefined): string =>
  tenantId === undefined ? url : `${url}/tenants/${tenantId}`;

const timesOf = (request: TokenRequest, now: number): { iat: number; nbf: number; exp: number } => {
  const exp = now + (request.expires_in ?? DEFAULT_TOKEN_SECONDS);
  // An expired token was issued before it expired, as in real life.
  const iat = exp > now ? now : exp - DEFAULT_TOKEN_SECONDS;
  return { iat, nbf: iat, exp };
};

/** The claims for a request: what it says, else what the directory knows, else nothing. */
export const buildClaims = (request: TokenRequest, context: ClaimsContext): TokenClaims => {
  const { directory, url, audience, now, jti } = context;
  const found = findIdentity(directory, request.sub, request.tenant_id);
  const contradicted =
    found !== undefined && (request.client ?? found.type === 'service_account') !== (found.type === 'service_account');
  const user = contradicted ? undefined : found;
  const subject = user === undefined ? unknownSubject(request) : knownSubject(user);

  const tenantId = request.tenant_id ?? user?.tenant_id;
  const partnerId = request.partner_id ?? (tenantId === undefined ? undefined : partnerIdOf(directory, tenantId));
  const email = request.email ?? subject.email;
  const roles = request.roles === undefined ? (user?.roles ?? []) : list(request.roles);
  const scopes = request.scope === undefined ? defaultScopes(roles) : list(request.scope);
  const amr = request.amr === undefined ? undefined : list(request.amr);
  const times = timesOf(request, now);
  const authTime = request.auth_time ?? (amr?.includes('mfa') ? times.iat : undefined);

  return {
    iss: issuerOf(url, tenantId),
    aud: audience,
    sub: subject.sub,
    ...times,
    jti,
    scope: scopes.join(' '),
    roles,
    ...(tenantId !== undefined && { tenant_id: tenantId }),
    ...(partnerId !== undefined && { partner_id: partnerId }),
    ...(email !== undefined && { email }),
    ...(request.groups !== undefined && { groups: list(request.groups) }),
    ...(amr !== undefined && { amr }),
    ...(authTime !== undefined && { auth_time: authTime }),
    ...(subject.isServiceAccount && { token_type: 'client_credentials', client_id: subject.name ?? subject.sub }),
    ...(request.act !== undefined && { act: typeof request.act === 'string' ? { sub: request.act } : request.act }),
    ...(request.scv_paths !== undefined && { scv_paths: [...request.scv_paths] }),
  };
};
