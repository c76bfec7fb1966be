import { createRegistry, type DescMessage, type DescService, getOption } from '@bufbuild/protobuf';
import { surface } from '@scaivault/contracts';
import { docTextOf, given } from './openapi/doc-text.ts';
import type { OpenApiDocument, Operation } from './openapi/document.ts';
import { errorSchema } from './openapi/error-responses.ts';
import { createMessageSchemas } from './openapi/message-schemas.ts';
import { operationOf } from './openapi/operation.ts';
import { sharedHeaders, sharedParameters } from './openapi/shared-components.ts';
import { systemPaths, systemTag } from './openapi/system-paths.ts';
import { compileRoutes } from './route-table.ts';

export interface OpenApiInput {
  readonly services: readonly DescService[];
  /** Release that serves the document. */
  readonly version: string;
}

const description = [
  'Bodies and answers are JSON objects in UTF-8, names in snake_case. A field that can be empty is there with `null`.',
  'Unknown body fields are refused with 422, unknown query parameters with 400.',
  'Secrets, policies and audit are also served below `/v1/t/{tenant_id}/`, which acts in the tenant named, as the ' +
    'header `X-Tenant-ID` does.',
  "The secrets of a partner, which all its tenants share, are served below `/v1/partner/secrets`, by the tenant's " +
    'policies on `partner/<path>`. Changing them takes the role `partner_admin`.',
  'The path of a secret may hold slashes; operations hang on it behind a colon, as in `/v1/secrets/app/db:versions`.',
].join('\n\n');

/** `/v1/secrets/{path=**}:restore` in the way OpenAPI writes it. */
const openApiPath = (template: string): string => template.replace('=**}', '}');

const messagesOf = (services: readonly DescService[]): ((typeName: string) => DescMessage | undefined) => {
  const registry = createRegistry(...services.map((service) => service.file));
  return (typeName) => registry.getMessage(typeName);
};

/**
 * Builds the OpenAPI 3.1 document of the HTTP interface from the contract: its bindings, options, field rules and
 * comments. Services without HTTP bindings do not appear.
 */
export const buildOpenApi = ({ services, version }: OpenApiInput): OpenApiDocument => {
  const { routes } = compileRoutes(services);
  const messages = createMessageSchemas(messagesOf(services));
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = openApiPath(route.template);
    paths[path] = { ...paths[path], [route.httpMethod.toLowerCase()]: operationOf(route, messages) };
  }
  const served = new Set(routes.map((route) => route.service));
  return {
    openapi: '3.1.0',
    info: {
      title: 'ScaiVault',
      version,
      summary: 'Secrets for many tenants, judged by policy and audited.',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [
      ...[...served].map((service) => ({
        name: getOption(service, surface).title,
        ...given('description', docTextOf(service)),
      })),
      { name: systemTag, description: 'Answered by the gateway itself, without a token.' },
    ],
    paths: { ...paths, ...systemPaths },
    components: {
      schemas: { ...messages.schemas, Error: errorSchema },
      parameters: sharedParameters,
      headers: sharedHeaders,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Access token of ScaiKey.' },
      },
    },
  };
};
