import { type DescMethod, type DescService, getOption } from '@bufbuild/protobuf';
import { surface } from '@scaivault/contracts';
import { VaultError } from '@scaivault/errors';
import { type HttpRule, httpRuleOf } from './http-rule.ts';
import { percentDecode } from './routing/percent-decode.ts';
import { addRoute, type Candidate, createRouteTrie, findCandidates, type GreedyFault } from './routing/route-trie.ts';
import { apiPrefix, parseTemplate } from './routing/template.ts';

export interface Route extends HttpRule {
  /** `scaivault.secrets.v1.SecretsService/ReadSecret` */
  readonly id: string;
  readonly service: DescService;
  readonly method: DescMethod;
  /** Proto names of the fields that the path fills. */
  readonly pathParameters: readonly string[];
  /** True: also served below `/v1/t/{tenant_id}/` (rest-api-core 3.1). */
  readonly tenantPrefix: boolean;
  /** True: also served below `/v1/partner/`, for the objects of the tenant's partner (rest-api-core 3.2). */
  readonly partnerPrefix: boolean;
  /** True: some of its objects are a partner's, and X-Partner-ID says which partner's (rest-api-core 1.2). */
  readonly namesPartner: boolean;
}

export interface RouteHit {
  readonly kind: 'route';
  readonly route: Route;
  /** Decoded once, by proto field name; empty when `paramRefusal` is set. */
  readonly params: Readonly<Record<string, string>>;
  /** The call must end with this error, but only after the token was checked (rest-api-core 1.8). */
  readonly paramRefusal: VaultError | undefined;
  /** Tenant of the path prefix, decoded once and otherwise unchecked. */
  readonly tenantId: string | undefined;
  /** True below `/v1/partner/`: the call is about the partner's objects. */
  readonly isForPartner: boolean;
}

export type RouteMatch =
  | RouteHit
  | { readonly kind: 'not_found' }
  | { readonly kind: 'method_not_allowed'; readonly allow: readonly string[] };

export interface RouteTable {
  readonly routes: readonly Route[];
  /** `rawPath` is the path part of the request target as it came in: not decoded, not normalised, without the query. */
  match(httpMethod: string, rawPath: string): RouteMatch;
}

/** What stood in front of the route; each prefix has routes of its own, so none is found behind another. */
type Prefix = Pick<RouteHit, 'tenantId' | 'isForPartner'>;

const belowTenantPath = `${apiPrefix}t/`;
const belowPartnerPath = `${apiPrefix}partner/`;
const noPrefix: Prefix = Object.freeze({ tenantId: undefined, isForPartner: false });
const notFound: RouteMatch = Object.freeze({ kind: 'not_found' });
const noParams: Readonly<Record<string, string>> = Object.freeze({});

/** Longer than any path that could be sound, short enough for an answer. */
const shownPathLength = 520;

const faultMessages: Record<GreedyFault | 'malformed_encoding', string> = {
  unknown_verb: 'What follows the last colon of the path is not a known operation.',
  encoded_colon: 'A path can hold no colon.',
  empty: 'The path is empty.',
  malformed_encoding: 'The path is not percent-encoded UTF-8.',
};

const invalidPath = (rawPath: string, reason: keyof typeof faultMessages): VaultError =>
  new VaultError('invalid_path', faultMessages[reason], {
    details: { path: rawPath.slice(0, shownPathLength), reason },
  });

const malformedParameter = (name: string): VaultError =>
  new VaultError('invalid_request', `The ${name} in the path is not percent-encoded UTF-8.`, {
    details: { reason: 'malformed_encoding', parameter: name },
  });

/** Routes of a service's methods, in the contract's order; methods without an HTTP binding have none. */
const routesOf = (service: DescService): Route[] =>
  service.methods.flatMap((method) => {
    const rule = httpRuleOf(method);
    if (rule === undefined) return [];
    const pathParameters = parseTemplate(rule.template).segments.flatMap((segment) =>
      segment.kind === 'literal' ? [] : [segment.name],
    );
    const id = `${service.typeName}/${method.name}`;
    const { tenantPrefix, partnerPrefix, partnerScope } = getOption(service, surface);
    const prefixes = { tenantPrefix, partnerPrefix, namesPartner: partnerPrefix || partnerScope };
    return [{ ...rule, id, service, method, pathParameters, ...prefixes }];
  });

const allowOf = (candidates: readonly Candidate<Route>[]): string[] =>
  [...new Set(candidates.flatMap(({ methods }) => [...methods.keys()]))].sort();

/** The hit behind a candidate, its captures decoded. */
const hitOf = (candidate: Candidate<Route>, route: Route, prefix: Prefix): RouteHit => {
  const refuse = (paramRefusal: VaultError): RouteHit => ({
    kind: 'route',
    route,
    params: noParams,
    paramRefusal,
    ...prefix,
  });
  if (candidate.fault !== undefined) return refuse(invalidPath(candidate.captures.at(-1) ?? '', candidate.fault));
  const params: Record<string, string> = {};
  for (const [i, name] of route.pathParameters.entries()) {
    const raw = candidate.captures[i] ?? '';
    const decoded = percentDecode(raw);
    if (decoded === undefined) {
      const isGreedy = route.template.includes(`{${name}=**}`);
      return refuse(isGreedy ? invalidPath(raw, 'malformed_encoding') : malformedParameter(name));
    }
    params[name] = decoded;
  }
  return { kind: 'route', route, params, paramRefusal: undefined, ...prefix };
};

/**
 * Compiles the HTTP bindings of the contract into a matcher (rest-api-core 1.1, 3.1, 3.2). Paths are compared as they came:
 * no case folding, no dot segments resolved, no slashes merged. Throws when two methods claim the same call.
 */
export const compileRoutes = (services: readonly DescService[]): RouteTable => {
  const routes = services.flatMap(routesOf);
  const everywhere = createRouteTrie<Route>();
  const belowTenant = createRouteTrie<Route>();
  const belowPartner = createRouteTrie<Route>();
  for (const route of routes) {
    const template = parseTemplate(route.template);
    const added = addRoute(everywhere, template, route.httpMethod, route);
    if (!added) throw new Error(`${route.id}: ${route.httpMethod} ${route.template} is taken`);
    if (route.tenantPrefix) addRoute(belowTenant, template, route.httpMethod, route);
    if (route.partnerPrefix) addRoute(belowPartner, template, route.httpMethod, route);
  }

  const pick = (httpMethod: string, candidates: readonly Candidate<Route>[], prefix: Prefix): RouteMatch => {
    for (const candidate of candidates) {
      const route = candidate.methods.get(httpMethod);
      if (route !== undefined) return hitOf(candidate, route, prefix);
    }
    return candidates.length === 0 ? notFound : { kind: 'method_not_allowed', allow: allowOf(candidates) };
  };

  const matchBelowTenant = (httpMethod: string, rawPath: string): RouteMatch => {
    const slash = rawPath.indexOf('/', belowTenantPath.length);
    if (slash <= belowTenantPath.length) return notFound;
    const tenantId = percentDecode(rawPath.slice(belowTenantPath.length, slash));
    const match = pick(httpMethod, findCandidates(belowTenant, rawPath, slash + 1), { ...noPrefix, tenantId });
    if (match.kind !== 'route' || tenantId !== undefined) return match;
    return { ...match, params: noParams, paramRefusal: malformedParameter('tenant_id') };
  };

  const match = (httpMethod: string, rawPath: string): RouteMatch => {
    if (rawPath.startsWith(belowTenantPath)) return matchBelowTenant(httpMethod, rawPath);
    if (rawPath.startsWith(belowPartnerPath)) {
      const candidates = findCandidates(belowPartner, rawPath, belowPartnerPath.length);
      return pick(httpMethod, candidates, { ...noPrefix, isForPartner: true });
    }
    if (!rawPath.startsWith(apiPrefix)) return notFound;
    return pick(httpMethod, findCandidates(everywhere, rawPath, apiPrefix.length), noPrefix);
  };
  return { routes, match };
};
