import { SettingError } from './setting.ts';

const claimWords = ['tenant', 'partner', 'groups', 'roles', 'scopes', 'mfa'] as const;

/** Which claim says what; the names of OIDC_CLAIM_* where one is left out. */
export type ListedClaims = Partial<Readonly<Record<(typeof claimWords)[number], string>>>;

/** One OpenID Connect issuer of the list OIDC_ISSUERS, with the tenants that it alone speaks for. */
export interface ListedIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly tenants: readonly string[];
  readonly claims: ListedClaims;
  /** Values of `acr` that stand for a second factor. */
  readonly mfaAcr: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

const fault = (what: string): SettingError => new SettingError(`must be a JSON list of issuers; ${what}`);

const membersOf = (value: unknown, known: readonly string[], what: string): Members => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault(`${what} is no object`);
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw fault(`${what} has an unknown member`);
  return { ...value };
};

const textOf = (members: Members, name: string): string => {
  const value = members[name];
  if (typeof value !== 'string' || value === '') throw fault(`"${name}" must be a text`);
  return value;
};

const textsOf = (members: Members, name: string): readonly string[] => {
  const value = members[name] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string' && item !== ''))
    throw fault(`"${name}" must be a list of texts`);
  return value;
};

const issuerOf = (members: Members): string => {
  const issuer = textOf(members, 'issuer');
  if (!URL.canParse(issuer) || !['https:', 'http:'].includes(new URL(issuer).protocol))
    throw fault('"issuer" must be an address that begins with https:// or http://');
  return issuer;
};

const claimsOf = (value: unknown): ListedClaims => {
  const members = membersOf(value ?? {}, claimWords, '"claims"');
  return Object.fromEntries(Object.keys(members).map((name) => [name, textOf(members, name)]));
};

const readIssuer = (item: unknown): ListedIssuer => {
  const members = membersOf(item, ['issuer', 'audience', 'tenants', 'claims', 'mfa_acr'], 'an issuer');
  const tenants = textsOf(members, 'tenants');
  if (tenants.length === 0) throw fault('each issuer needs "tenants"');
  return {
    issuer: issuerOf(members),
    audience: textOf(members, 'audience'),
    tenants,
    claims: claimsOf(members.claims),
    mfaAcr: textsOf(members, 'mfa_acr'),
  };
};

/** Reads OIDC_ISSUERS: `[{"issuer", "audience", "tenants", "claims"?, "mfa_acr"?}]`. Throws SettingError, without any value. */
export const parseIssuerList = (text: string): readonly ListedIssuer[] => {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw fault('this is no JSON');
  }
  if (!Array.isArray(list)) throw fault('this is no list');
  return list.map(readIssuer);
};
