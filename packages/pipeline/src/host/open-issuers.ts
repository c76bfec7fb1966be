import type { Configuration } from '@scaivault/runtime';
import { createKeySet, type KeySet } from '../authenticate/key-set.ts';
import type { TrustedIssuer } from '../authenticate/trusted-issuer.ts';
import { fetchDocument } from './ask-provider.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import { type IssuerPlan, planIssuers } from './plan-issuers.ts';

/** Those whose tokens this process takes. */
export interface Issuers {
  readonly all: readonly TrustedIssuer[];
  /** ScaiKey itself, when it is one of them. */
  readonly scaiKey: (TrustedIssuer & { readonly discovery: Discovery }) | undefined;
  /** Names of the claim that holds the tenant. */
  readonly tenantClaims: readonly string[];
  /** Fetches every key set now; rejects when one could not be fetched. */
  refresh(): Promise<void>;
  stop(): void;
}

export interface IssuerDependencies {
  readonly nowMs: () => number;
  readonly onFailure: (error: unknown) => void;
}

type OwnedIssuer = TrustedIssuer & { readonly keySet: KeySet; readonly discovery: Discovery };

const open = (plan: IssuerPlan, config: Configuration, { nowMs, onFailure }: IssuerDependencies): OwnedIssuer => {
  const refreshMs = config.JWKS_REFRESH;
  const { discoveryUrl: url, discoveredIssuer, jwksUrl, ...trusted } = plan;
  const discovery = createDiscovery({ url, issuer: discoveredIssuer, fetchDocument, refreshMs, nowMs });
  const locate = async (): Promise<string> => {
    const found = jwksUrl ?? (await discovery.endpoint('jwks_uri'));
    if (found === undefined) throw new Error('The discovery document names no jwks_uri.');
    return found;
  };
  return {
    ...trusted,
    discovery,
    keySet: createKeySet({ locate, fetchJson: fetchDocument, refreshMs, nowMs, onFailure }),
  };
};

/** Opens the key sets of all issuers that are configured. Throws ConfigurationError (see planIssuers). */
export const openIssuers = (config: Configuration, dependencies: IssuerDependencies): Issuers => {
  const plans = planIssuers(config);
  const scaiKey = plans.scaiKey && open(plans.scaiKey, config, dependencies);
  const others = plans.others.map((plan) => open(plan, config, dependencies));
  const all = scaiKey === undefined ? others : [scaiKey, ...others];
  return {
    all,
    scaiKey,
    tenantClaims: [...new Set(all.map(({ claims }) => claims.tenant))],
    refresh: async () => void (await Promise.all(all.map(({ keySet }) => keySet.refresh()))),
    stop: () => {
      for (const { keySet } of all) keySet.stop();
    },
  };
};
