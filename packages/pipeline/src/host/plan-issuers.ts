import { type Configuration, ConfigurationError, type ListedIssuer } from '@scaivault/runtime';
import type { ClaimNames } from '../authenticate/claims.ts';
import { everyTenant, mayBeIssuer, type TenantBinding, type TrustedIssuer } from '../authenticate/trusted-issuer.ts';

/** An issuer as configured, and where its keys are found. */
export interface IssuerPlan extends Omit<TrustedIssuer, 'keySet'> {
  readonly discoveryUrl: string;
  /** What the discovery document must call itself; ScaiKey's speaks for the issuers of all tenants. */
  readonly discoveredIssuer: string | undefined;
  /** Undefined: found by discovery. */
  readonly jwksUrl: string | undefined;
}

export interface IssuerPlans {
  readonly scaiKey: IssuerPlan | undefined;
  readonly others: readonly IssuerPlan[];
}

const scaiKeyClaims: ClaimNames = {
  tenant: 'tenant_id',
  partner: 'partner_id',
  groups: 'groups',
  roles: 'roles',
  scopes: 'scope',
  mfa: 'amr',
};

const required = (value: string | undefined, name: string): string => {
  if (value === undefined || value === '') throw new ConfigurationError(name, 'is needed');
  return value;
};

/** What OIDC_ISSUER and its companions say, as an entry of the list; without tenants it stands in for ScaiKey. */
const namedByVariables = (config: Configuration): readonly ListedIssuer[] =>
  config.OIDC_ISSUER === undefined
    ? []
    : [
        {
          issuer: config.OIDC_ISSUER,
          audience: required(config.OIDC_AUDIENCE, 'OIDC_AUDIENCE'),
          tenants: config.OIDC_TENANTS,
          claims: {},
          mfaAcr: config.OIDC_MFA_ACR,
        },
      ];

const planOther = (config: Configuration, { issuer, audience, tenants, claims, mfaAcr }: ListedIssuer): IssuerPlan => ({
  issuer,
  audience,
  tenants: tenants.length === 0 ? everyTenant : { kind: 'only', tenantIds: new Set(tenants) },
  claims: {
    tenant: config.OIDC_CLAIM_TENANT,
    partner: config.OIDC_CLAIM_PARTNER,
    groups: config.OIDC_CLAIM_GROUPS,
    roles: config.OIDC_CLAIM_ROLES,
    scopes: config.OIDC_CLAIM_SCOPES,
    mfa: config.OIDC_CLAIM_MFA,
    ...claims,
    mfaContexts: new Set(mfaAcr),
  },
  discoveryUrl: `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`,
  discoveredIssuer: issuer,
  jwksUrl: undefined,
});

const planScaiKey = (config: Configuration, tenants: TenantBinding): IssuerPlan | undefined => {
  const { SCAIKEY_URL: url, SCAIKEY_ISSUER: issuer } = config;
  if (url === undefined && issuer === undefined) return undefined;
  return {
    issuer: issuer ?? `${url}/tenants/*`,
    audience: required(config.SCAIKEY_AUDIENCE, 'SCAIKEY_AUDIENCE'),
    claims: scaiKeyClaims,
    tenants,
    discoveryUrl: `${url}/api/v1/platform/oauth/.well-known/openid-configuration`,
    discoveredIssuer: undefined,
    jwksUrl: config.SCAIKEY_JWKS_URL ?? (url === undefined ? required(undefined, 'SCAIKEY_JWKS_URL') : undefined),
  };
};

/** No issuer and no tenant is named twice. */
const refuseShared = (listed: readonly ListedIssuer[]): void => {
  const issuers = new Set<string>();
  const tenants = new Set<string>();
  for (const { issuer, tenants: own } of listed) {
    if (issuers.has(issuer)) throw new ConfigurationError('OIDC_ISSUERS', 'names an issuer twice');
    issuers.add(issuer);
    for (const tenant of new Set(own)) {
      if (tenants.has(tenant)) throw new ConfigurationError('OIDC_ISSUERS', 'names a tenant with two issuers');
      tenants.add(tenant);
    }
  }
};

/**
 * The issuers of the configuration: ScaiKey, OpenID Connect issuers, or both, each for tenants of its own (ADR 0017).
 * Throws ConfigurationError when there is none, or when one could speak for the other.
 */
export const planIssuers = (config: Configuration): IssuerPlans => {
  const listed = [...namedByVariables(config), ...config.OIDC_ISSUERS];
  refuseShared(listed);
  const tenantIds = new Set(listed.flatMap(({ tenants }) => tenants));
  const scaiKey = planScaiKey(config, { kind: 'all_but', tenantIds });
  if (scaiKey === undefined && listed.length === 0)
    throw new ConfigurationError('SCAIKEY_URL', 'is needed (or OIDC_ISSUER)');
  const isAlone = scaiKey === undefined && listed.length === 1;
  if (!isAlone && listed.some(({ tenants }) => tenants.length === 0))
    throw new ConfigurationError('OIDC_TENANTS', 'is needed beside another issuer: each tenant has one');
  if (scaiKey !== undefined && listed.some(({ issuer }) => mayBeIssuer(scaiKey.issuer, issuer)))
    throw new ConfigurationError('OIDC_ISSUER', 'is an issuer of ScaiKey; name another or leave it out');
  return { scaiKey, others: listed.map((one) => planOther(config, one)) };
};
