import {
  AuditService,
  IdentityService,
  PolicyFeedService,
  PolicyService,
  SecretPoliciesService,
  SecretsService,
} from '@scaivault/contracts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import type { Operation } from './openapi/document.ts';
import { buildOpenApi } from './openapi.ts';

const services = [
  SecretsService,
  SecretPoliciesService,
  PolicyService,
  PolicyFeedService,
  AuditService,
  IdentityService,
];
const document = buildOpenApi({ services, version: '1.2.3' });
const { schemas } = document.components;

const operation = (method: string, path: string): Operation => {
  const found = document.paths[path]?.[method];
  if (found === undefined) throw new Error(`no ${method} ${path}`);
  return found;
};

/** All values of `$ref` anywhere in the document. */
const references = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => (name === '$ref' ? [String(part)] : references(part)));
};

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document) as never);
    expect(result).toEqual({ valid: true });
  });

  it('has every reference resolved and every operation named once', () => {
    for (const reference of references(document)) {
      const target = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], document);
      expect(target, reference).toBeDefined();
    }
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map((each) => each.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('readSecret');
    expect(ids).not.toContain('getPolicyBundle');
  });

  it('contains every public call and the ones of the gateway itself', () => {
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/v1/secrets/{path}',
        '/v1/secrets/{path}:restore',
        '/v1/policies/{policy_id}/bindings/{binding_id}',
        '/v1/health',
        '/v1/health/ready',
        '/v1/version',
        '/v1/openapi.json',
      ]),
    );
    const bound = services.flatMap((service) => service.methods).length - PolicyFeedService.methods.length;
    const documented = Object.values(document.paths).flatMap((item) => Object.keys(item));
    expect(documented).toHaveLength(bound + 4);
  });

  it('says what a call needs', () => {
    expect(operation('get', '/v1/secrets/{path}')).toMatchObject({
      summary: 'Reads a secret: its current version, or the one named',
      tags: ['Secrets'],
      'x-scaivault-scope': 'secrets:read',
      'x-scaivault-permission': 'read @ {path}',
      'x-scaivault-rate': 'secrets:read',
      'x-scaivault-audit': 'read',
      'x-scaivault-tenant-prefix': true,
      'x-scaivault-partner-prefix': true,
    });
    expect(operation('get', '/v1/secret-policies')).not.toHaveProperty('x-scaivault-partner-prefix');
    expect(operation('get', '/v1/secrets')['x-scaivault-permission']).toBe('list @ each row');
    expect(operation('get', '/v1/policies')).not.toHaveProperty('x-scaivault-permission');
    expect(operation('post', '/v1/identity/webhooks/scaikey').security).toEqual([]);
    expect(operation('get', '/v1/auth/whoami')).not.toHaveProperty('security');
  });

  it('describes parameters with their bounds', () => {
    const { parameters } = operation('get', '/v1/secrets/{path}');
    expect(parameters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'path', in: 'path', required: true }),
        expect.objectContaining({
          name: 'version',
          in: 'query',
          schema: { type: 'integer', format: 'int32', minimum: 1 },
        }),
        expect.objectContaining({ name: 'If-None-Match', in: 'header' }),
        { $ref: '#/components/parameters/TenantId' },
      ]),
    );
    expect(operation('get', '/v1/audit/logs').parameters).toContainEqual(
      expect.objectContaining({ name: 'action', style: 'form', explode: false }),
    );
  });

  it('has X-Partner-ID only where there are objects of a partner', () => {
    const reference = { $ref: '#/components/parameters/PartnerId' };
    expect(operation('get', '/v1/secrets').parameters).toContainEqual(reference);
    expect(operation('post', '/v1/policies').parameters).toContainEqual(reference);
    expect(operation('get', '/v1/secret-policies').parameters).not.toContainEqual(reference);
  });

  it('shows how a call takes an Idempotency-Key, and its conflict, only where it is honoured', () => {
    const reference = { $ref: '#/components/parameters/IdempotencyKey' };
    const put = operation('put', '/v1/secrets/{path}');
    expect(put.parameters).toContainEqual(reference);
    expect(put.responses['409']?.['x-scaivault-codes']).toContain('idempotency_conflict');
    expect(put.responses['200']?.headers).toHaveProperty('Idempotency-Replayed');
    const patch = operation('patch', '/v1/secrets/{path}:metadata');
    expect(patch.parameters).not.toContainEqual(reference);
    expect(patch.responses['409']?.['x-scaivault-codes']).not.toContain('idempotency_conflict');
    expect(patch.responses['200']?.headers).not.toHaveProperty('Idempotency-Replayed');
  });

  it('describes maps by their values, and raw lists as lists', () => {
    expect(schemas.BatchReadResponse?.properties?.secrets).toMatchObject({
      type: 'object',
      additionalProperties: { $ref: '#/components/schemas/BatchSecret' },
    });
    expect(schemas.BatchReadResponse?.required).toEqual(['secrets', 'errors', 'summary']);
    expect(schemas.PreviewResponse?.properties?.samples).toMatchObject({
      type: 'array',
      items: { type: 'object', additionalProperties: true },
    });
    expect(schemas.PutOptions?.properties?.notify_before).toMatchObject({
      type: ['array', 'null'],
      items: { type: 'string' },
    });
  });

  it('asks in what is both written and read back for what a writer must give, and forbids nothing', () => {
    expect(schemas.GeneratedField?.required).toEqual(['name', 'generator']);
    expect(schemas.GeneratedField).not.toHaveProperty('additionalProperties');
  });

  it('keeps path and headers out of bodies, and nulls and bounds in', () => {
    expect(Object.keys(schemas.PutSecretRequest?.properties ?? {})).toEqual([
      'data',
      'secret_type',
      'metadata',
      'options',
    ]);
    expect(schemas.PutSecretRequest?.additionalProperties).toBe(false);
    expect(schemas.PutOptions?.properties?.max_versions).toMatchObject({
      type: ['integer', 'null'],
      minimum: 1,
      maximum: 100,
    });
    expect(schemas.PutSecretRequest?.properties?.secret_type?.enum).toContain(null);
    expect(schemas.CreatePolicyRequest?.required).toEqual(['name']);
    expect(schemas.UpdatePolicyRequest?.properties).not.toHaveProperty('nulls');
    expect(schemas.PutOptions?.properties).not.toHaveProperty('nulls');
    expect(schemas.PutOptions?.additionalProperties).toBe(false);
    expect(operation('post', '/v1/secrets/{path}:restore')).not.toHaveProperty('requestBody');
  });

  it('promises every member of an answer but those that may be left out', () => {
    const left = new Set(Object.keys(schemas.Secret?.properties ?? {})).difference(new Set(schemas.Secret?.required));
    expect([...left]).toEqual(['scope']);
    expect(schemas.Secret?.properties?.expires_at).toMatchObject({ type: ['string', 'null'] });
    expect(schemas.ReceiveScaiKeyEventResponse?.required).toEqual(['handled', 'event_id']);
    expect(schemas.Policy?.properties?.rules).toMatchObject({
      type: 'array',
      items: { $ref: '#/components/schemas/Rule' },
    });
  });

  it('groups the codes of refusals by status, the common ones only where a token is asked for', () => {
    const { responses } = operation('get', '/v1/secrets/{path}');
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '304', '400', '401', '403', '404', '410']));
    expect(responses['404']?.['x-scaivault-codes']).toEqual(
      expect.arrayContaining(['secret_not_found', 'version_not_found', 'tenant_not_found']),
    );
    expect(responses['200']?.headers).toHaveProperty('ETag');
    expect(responses['304']).not.toHaveProperty('content');
    expect(operation('delete', '/v1/policies/{policy_id}').responses['204']).not.toHaveProperty('content');
    const inbound = operation('post', '/v1/identity/webhooks/scaikey').responses;
    expect(Object.keys(inbound)).toEqual(['200', '401']);
    expect(inbound['401']?.['x-scaivault-codes']).toEqual(['signature_invalid']);
  });
});
