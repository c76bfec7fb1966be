import {
  AuditService,
  DirectoryService,
  IdentityService,
  PolicyService,
  RateLimitService,
  SecretPoliciesService,
  SecretsService,
  SubscriptionService,
  SystemService,
  TokenService,
  WebhookService,
} from '@scaivault/contracts';
import { isVaultError } from '@scaivault/errors';
import { openRequestFrom, type ProcessKit } from '@scaivault/pipeline';
import { createReadiness, type ModuleDependencies, productVersion, type ServiceModule } from '@scaivault/runtime';
import { renderApiPage } from './domain/api-page.ts';
import { buildOpenApi } from './domain/openapi.ts';
import { compileRoutes } from './domain/route-table.ts';
import { type HttpServer, startHttpServer } from './http/server.ts';
import { createSystemRoutes } from './http/system-routes.ts';

/** The services whose RPCs have addresses in the REST API. */
export const publicServices = [
  SecretsService,
  SecretPoliciesService,
  PolicyService,
  RateLimitService,
  IdentityService,
  DirectoryService,
  TokenService,
  AuditService,
  WebhookService,
  SubscriptionService,
  SystemService,
];

export interface GatewayModule extends ServiceModule {
  /** Port of the public listener once started. */
  port(): number | undefined;
}

/** The HTTP edge as a module: it serves no RPC and calls all other services. `checks` are those of its process. */
export const createGatewayModule = async (
  { config, logger, metrics, transportTo, nowMs }: ModuleDependencies,
  kit: ProcessKit,
  checks: Readonly<Record<string, () => Promise<void>>> = kit.checks,
): Promise<GatewayModule> => {
  const openApi = buildOpenApi({ services: publicServices, version: productVersion.version });
  const systemRoutes = createSystemRoutes({
    readiness: createReadiness(checks),
    openApi,
    apiPage: renderApiPage(openApi),
    nowMs,
    metrics: config.METRICS_BIND_ADDRESS === '' ? { source: metrics, token: config.METRICS_TOKEN } : undefined,
  });
  let server: HttpServer | undefined;
  return {
    name: 'gateway',
    services: [],
    checks: {},
    start: async () => {
      server = await startHttpServer({
        config,
        routes: compileRoutes(publicServices),
        systemRoutes,
        metrics,
        logger,
        transportTo,
        nowMs,
        maxBodyBytes: config.MAX_BODY_BYTES,
        timeoutMs: Math.min(config.REQUEST_TIMEOUT, config.RPC_TIMEOUT),
        checkToken: (authorization, sourceIp, requestId, userAgent) => {
          const onFailure = async (error: unknown): Promise<never> => {
            if (isVaultError(error) && error.httpStatus === 401) {
              await kit.noteAuthFailure(openRequestFrom({ requestId, sourceIp, userAgent }), authorization, error);
            }
            throw error;
          };
          try {
            const checked = kit.authenticate(authorization, sourceIp);
            return checked instanceof Promise ? checked.then(() => undefined, onFailure) : undefined;
          } catch (error) {
            return onFailure(error);
          }
        },
      });
    },
    stop: async () => {
      await server?.stop();
    },
    port: () => server?.port,
  };
};
