import { type Metrics, mayReadMetrics, productVersion, type ReadinessReport, type Secret } from '@scaivault/runtime';
import { formatSeconds } from '@scaivault/tenancy';
import type { FastifyReply } from 'fastify';
import { sendJson } from './answer.ts';

export interface SystemRoutesOptions {
  readonly readiness: () => Promise<ReadinessReport>;
  readonly openApi: object;
  readonly apiPage: string;
  readonly nowMs: () => number;
  /** Set when metrics are served on the main port. */
  readonly metrics: { readonly source: Metrics; readonly token: Secret | undefined } | undefined;
}

/** Answers a path of ours that is no RPC; undefined when it is none of them. */
export type SystemRoutes = (
  method: string,
  path: string,
  authorization: string | undefined,
) => ((reply: FastifyReply) => Promise<void>) | undefined;

/** The probes of orchestrators and load balancers, which nothing limits (rest-api-core 1.2, 12). */
export const isProbe = (path: string): boolean => path === '/v1/health' || path === '/v1/health/ready';

const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Health, readiness, version, the contract and its page: the calls that need no token (rest-api-core 2.6, 12). */
export const createSystemRoutes = (options: SystemRoutesOptions): SystemRoutes => {
  const openApi = JSON.stringify(options.openApi);
  const version = JSON.stringify({
    version: productVersion.version,
    api_version: 'v1',
    commit: productVersion.commit,
    built_at: productVersion.builtAt,
  });
  const page = async (reply: FastifyReply): Promise<void> => {
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', pagePolicy)
      .send(options.apiPage);
  };
  const routes: Readonly<Record<string, (reply: FastifyReply) => Promise<void>>> = {
    '/v1/health': async (reply) =>
      sendJson(reply, 200, JSON.stringify({ status: 'healthy', timestamp: formatSeconds(options.nowMs()) })),
    '/v1/health/ready': async (reply) => {
      const report = await options.readiness();
      if (report.ready) sendJson(reply, 200, JSON.stringify({ status: 'ready', checks: report.checks }));
      else sendJson(reply, 503, JSON.stringify({ status: 'not_ready', checks: report.checks, errors: report.errors }));
    },
    '/v1/version': async (reply) => sendJson(reply, 200, version),
    '/v1/openapi.json': async (reply) => sendJson(reply, 200, openApi),
    '/': page,
    '/docs': page,
  };
  const { metrics } = options;
  const readMetrics = (authorization: string | undefined) => async (reply: FastifyReply) => {
    if (metrics === undefined || !mayReadMetrics(metrics.token, authorization)) reply.code(401).send();
    else reply.header('content-type', metrics.source.contentType).send(await metrics.source.render());
  };
  return (method, path, authorization) => {
    if (method !== 'GET' && !(method === 'HEAD' && isProbe(path))) return undefined;
    if (path === '/v1/metrics' && metrics !== undefined) return readMetrics(authorization);
    return Object.hasOwn(routes, path) ? routes[path] : undefined;
  };
};
