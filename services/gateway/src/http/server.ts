import { readFileSync } from 'node:fs';
import type { AddressInfo, ListenOptions } from 'node:net';
import { getOption } from '@bufbuild/protobuf';
import { access } from '@scaivault/contracts';
import { toVaultError, VaultError } from '@scaivault/errors';
import { type Configuration, type Logger, type Metrics, splitAddress } from '@scaivault/runtime';
import { newId } from '@scaivault/tenancy';
import fastify, { type FastifyListenOptions, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Route, RouteTable } from '../domain/route-table.ts';
import { createAddressGuard } from './address-guard.ts';
import { sendError } from './answer.ts';
import { headerOf } from './call-headers.ts';
import { createClientAddress } from './client-address.ts';
import { type Call, type CallOptions, compileCall } from './compile-call.ts';
import { createOpenWaits } from './open-waits.ts';
import { longestHead, refuseUnparsed } from './refuse-unparsed.ts';
import { isProbe, type SystemRoutes } from './system-routes.ts';

const noSchemas = (): never => {
  throw new Error('No route of this server has a schema.');
};
/** The contract checks and writes what travels; Fastify would load its own validator and serializer for it (ADR 0021). */
const withoutSchemas = { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } };

export interface HttpServerOptions extends Omit<CallOptions, 'waits'> {
  readonly config: Configuration;
  readonly routes: RouteTable;
  readonly systemRoutes: SystemRoutes;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
}

export interface HttpServer {
  readonly port: number;
  /** Ends waits, takes no new requests and resolves when those under way are answered. */
  stop(): Promise<void>;
}

const longestUrl = 8192;

const listenerOf = (config: Configuration) => {
  const head = { maxHeaderSize: longestHead };
  return config.TLS_CERT_FILE === undefined || config.TLS_KEY_FILE === undefined
    ? { http: head }
    : { https: { ...head, cert: readFileSync(config.TLS_CERT_FILE), key: readFileSync(config.TLS_KEY_FILE) } };
};

const notFound = (): VaultError =>
  new VaultError('not_found', 'There is nothing at this address.', { details: { resource: 'route' } });
const notAllowed = (allow: readonly string[]): VaultError =>
  new VaultError('method_not_allowed', `Use ${allow.join(' or ')} here.`);

/** The HTTP edge: finds the route of the undecoded path, answers in JSON, measures. */
export const startHttpServer = async (options: HttpServerOptions): Promise<HttpServer> => {
  const { config, metrics, logger } = options;
  const clientAddress = createClientAddress(config.TRUSTED_PROXIES);
  const guard = createAddressGuard({ perMinute: config.ADDRESS_LIMIT, nowMs: options.nowMs, metrics });
  const waits = createOpenWaits();
  const calls = new Map<Route, { call: Call; category: string }>(
    options.routes.routes.map((route) => [
      route,
      { call: compileCall(route, { ...options, waits }), category: getOption(route.method, access).rate || 'none' },
    ]),
  );

  /** Answers; gives the category that the request is counted under. */
  const serve = async (request: FastifyRequest, reply: FastifyReply, requestId: string): Promise<string> => {
    const url = request.originalUrl;
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const sourceIp = clientAddress(request.socket.remoteAddress, headerOf(request.headers, 'x-forwarded-for'));
    if (!isProbe(path)) guard(sourceIp);
    const authorization = headerOf(request.headers, 'authorization');
    const system = options.systemRoutes(request.method, path, authorization);
    if (system !== undefined) {
      await system(reply);
      return 'none';
    }
    if (url.length > longestUrl)
      throw new VaultError('payload_too_large', 'The address is too long.', { details: { limit_bytes: longestUrl } });
    const match = options.routes.match(request.method, path);
    if (match.kind === 'not_found') throw notFound();
    if (match.kind === 'method_not_allowed') {
      reply.header('allow', match.allow.join(', '));
      throw notAllowed(match.allow);
    }
    const entry = calls.get(match.route);
    if (entry === undefined) throw notFound();
    const started = performance.now();
    metrics.activeRequests.inc({ path_category: entry.category });
    try {
      await entry.call(request, reply, match, { requestId, sourceIp, query: mark < 0 ? '' : url.slice(mark + 1) });
    } catch (error) {
      fail(reply, error, requestId);
    } finally {
      metrics.activeRequests.dec({ path_category: entry.category });
      metrics.requestSeconds.observe(
        { method: request.method, path_category: entry.category },
        (performance.now() - started) / 1000,
      );
    }
    return entry.category;
  };

  const fail = (reply: FastifyReply, thrown: unknown, requestId: string): void => {
    const error = toVaultError(thrown);
    if (!(thrown instanceof VaultError)) logger.error({ err: thrown, request_id: requestId }, 'The gateway failed');
    sendError(reply, error, requestId);
  };

  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const requestId = newId('req');
    reply
      .header('x-request-id', requestId)
      .header('cache-control', 'no-store')
      .header('x-content-type-options', 'nosniff');
    let category = 'none';
    try {
      category = await serve(request, reply, requestId);
    } catch (error) {
      fail(reply, error, requestId);
    }
    metrics.requests.inc({ method: request.method, path_category: category, status: String(reply.statusCode) });
  };

  const app = fastify({
    ...listenerOf(config),
    clientErrorHandler: refuseUnparsed,
    schemaController: withoutSchemas,
    logger: false,
    // The router of ours reads the undecoded address (`originalUrl`); fastify's sees one route only.
    rewriteUrl: () => '/',
    requestTimeout: config.REQUEST_TIMEOUT,
    forceCloseConnections: 'idle',
    bodyLimit: config.MAX_BODY_BYTES,
  });
  // Bodies are read by the call itself, after the token was checked.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.all('/', handle);
  app.setNotFoundHandler(handle);
  app.setErrorHandler((error, _request, reply) => fail(reply, error, newId('req')));
  await app.listen(listenOptions(config));
  const stop = async (): Promise<void> => {
    waits.end();
    await app.close();
  };
  return { port: (app.server.address() as AddressInfo).port, stop };
};

/** Fastify hands on to Node what it does not know itself. */
const listenOptions = (config: Configuration): FastifyListenOptions & Pick<ListenOptions, 'reusePort'> => ({
  ...splitAddress(config.BIND_ADDRESS),
  reusePort: config.WORKERS > 1,
});
