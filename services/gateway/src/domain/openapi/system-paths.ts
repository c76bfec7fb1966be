import type { Operation, PathItem, Schema } from './document.ts';

export const systemTag = 'System';

const object = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

const text: Schema = { type: 'string' };
const checks: Schema = { type: 'object', description: 'State of each dependency.', additionalProperties: text };

const probe = (operationId: string, summary: string, description: string, schema: Schema): Operation => ({
  operationId,
  tags: [systemTag],
  summary,
  description,
  responses: { '200': { description: 'Done.', content: { 'application/json': { schema } } } },
  security: [],
});

const ready = probe(
  'getReadiness',
  'Says whether the process can serve',
  'Each dependency is asked for at most two seconds; what was found is reused for one.',
  object({ status: { const: 'ready' }, checks }),
);

const notReady = {
  description: 'A dependency is away.',
  content: {
    'application/json': {
      schema: object({
        status: { const: 'not_ready' },
        checks,
        errors: { type: 'object', description: 'What is wrong, by check.', additionalProperties: text },
      }),
    },
  },
};

/** The calls that the gateway answers itself, without a token (rest-api-core 2.6, 12). */
export const systemPaths: Readonly<Record<string, PathItem>> = {
  '/v1/health': {
    get: probe(
      'getHealth',
      'Says that the process runs',
      'Asks no dependency.',
      object({ status: { const: 'healthy' }, timestamp: { type: 'string', format: 'date-time' } }),
    ),
  },
  '/v1/health/ready': { get: { ...ready, responses: { ...ready.responses, '503': notReady } } },
  '/v1/version': {
    get: probe(
      'getVersion',
      'Says which build is running',
      'For support and for clients that depend on a release.',
      object({
        version: text,
        api_version: { const: 'v1' },
        commit: { type: ['string', 'null'] },
        built_at: { type: ['string', 'null'], format: 'date-time' },
      }),
    ),
  },
  '/v1/openapi.json': {
    get: probe('getOpenApi', 'This document', 'OpenAPI 3.1.', { type: 'object', additionalProperties: true }),
  },
};
