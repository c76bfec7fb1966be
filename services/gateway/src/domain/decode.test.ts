import {
  AuditService,
  type CreateSecretPolicyRequest,
  IdentityService,
  PolicyService,
  type PutSecretRequest,
  SecretPoliciesService,
  SecretsService,
} from '@scaivault/contracts';
import { isVaultError, type VaultError } from '@scaivault/errors';
import { describe, expect, it } from 'vitest';
import { compileDecoder, type RequestParts } from './decode.ts';
import { compileRoutes } from './route-table.ts';

const { routes } = compileRoutes([SecretsService, SecretPoliciesService, PolicyService, AuditService, IdentityService]);
const decoders = new Map(routes.map((route) => [route.method.name, compileDecoder(route.method, route)]));

interface Parts {
  params?: Record<string, string>;
  query?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

const partsOf = ({ params = {}, query = '', headers = {}, body }: Parts): RequestParts => ({
  params,
  query,
  header: (name) => headers[name],
  body: body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

const decode = (method: string, parts: Parts) => {
  const decoder = decoders.get(method);
  if (decoder === undefined) throw new Error(`no method ${method}`);
  return decoder.decode(partsOf(parts));
};

const refusal = (method: string, parts: Parts): VaultError => {
  try {
    decode(method, parts);
  } catch (error) {
    if (isVaultError(error)) return error;
    throw error;
  }
  throw new Error('was not refused');
};

/** `field rule` of each violation. */
const violations = (method: string, parts: Parts): string[] => {
  const error = refusal(method, parts);
  expect(error.code).toBe('validation_error');
  const fields = error.details?.fields as { field: string; rule: string }[];
  return fields.map(({ field, rule }) => `${field} ${rule}`);
};

const reason = (method: string, parts: Parts): unknown => {
  const error = refusal(method, parts);
  expect(error.code).toBe('invalid_request');
  return error.details?.reason;
};

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

describe('decoding a request', () => {
  it('compiles for every route of the contract', () => {
    expect(decoders.size).toBe(routes.length);
  });

  it('fills a message from path, headers and body', () => {
    const message = decode('PutSecret', {
      params: { path: 'env/db' },
      headers: { 'if-match': '"v3"' },
      body: '{"data": {"n": 1e400, "k": "\\u00e9"}, "secret_type":"kv", "options": {"max_versions": 5.0, "expires_in": null}}',
    }) as PutSecretRequest;
    expect(message).toMatchObject({
      $typeName: 'scaivault.secrets.v1.PutSecretRequest',
      path: 'env/db',
      secretType: 'kv',
      ifMatch: '"v3"',
      options: { $typeName: 'scaivault.secrets.v1.PutOptions', maxVersions: 5 },
    });
    expect(text(message.data)).toBe('{"n":1e400,"k":"\\u00e9"}');
    expect(message.options).not.toHaveProperty('expiresIn');
    expect(message).not.toHaveProperty('ifNoneMatch');
    expect(message).not.toHaveProperty('metadata');
  });

  it('leaves no trace of one request in the next', () => {
    decode('UpdatePolicy', { params: { policy_id: 'pol_1' }, body: { description: null, name: 'x' } });
    expect(decode('UpdatePolicy', { params: { policy_id: 'pol_2' }, body: {} })).toEqual({
      $typeName: 'scaivault.policy.v1.UpdatePolicyRequest',
      policyId: 'pol_2',
      nulls: [],
    });
  });

  it('takes null for an optional field as not given', () => {
    const message = decode('PutSecret', { body: { data: null, metadata: null, options: null } });
    expect(message).toEqual({ $typeName: 'scaivault.secrets.v1.PutSecretRequest', path: '' });
  });

  it('notes which members of a merge patch were null', () => {
    expect(
      decode('UpdatePolicy', { params: { policy_id: 'p' }, body: { name: 'n', description: null, rules: null } }),
    ).toMatchObject({ name: 'n', nulls: ['description', 'rules'] });
  });

  it('notes them in a nested object too, each object its own', () => {
    const options = { rotation_policy_id: null, max_versions: 5, expires_in: null };
    const body = { data: {}, secret_type: null, options };
    expect(decode('PutSecret', { body })).toMatchObject({
      options: { maxVersions: 5, nulls: ['rotation_policy_id', 'expires_in'] },
    });
    expect(decode('PutSecret', { body: { data: {}, options: {} } })).toMatchObject({ options: { nulls: [] } });
    expect(decode('UpdateMetadata', { body: { options: { expires_in: null } } })).toMatchObject({
      options: { nulls: ['expires_in'] },
    });
    expect(violations('PutSecret', { body: { options: { nulls: ['expires_in'] } } })).toEqual([
      'options.nulls unknown',
    ]);
    expect(violations('PutSecret', { body: { options: { nulls: null } } })).toEqual(['options.nulls unknown']);
  });

  it('takes raw values and lists of messages inside of others', () => {
    const put = decode('PutSecret', { body: '{"options": {"notify_before": ["30d",  "7d"]}}' }) as PutSecretRequest;
    expect(text(put.options?.notifyBefore)).toBe('["30d","7d"]');
    const cleared = decode('PutSecret', { body: { options: { notify_before: null } } }) as PutSecretRequest;
    expect(cleared.options).toMatchObject({ nulls: ['notify_before'] });
    expect(cleared.options).not.toHaveProperty('notifyBefore');
    const recipe = decode('CreateSecretPolicy', {
      body: { name: 'n', fields: [{ name: 'key', generator: 'hex', config: { length: 32 } }, { name: 'id' }] },
    }) as CreateSecretPolicyRequest;
    expect(recipe.fields.map(({ name, config }) => [name, text(config)])).toEqual([
      ['key', '{"length":32}'],
      ['id', ''],
    ]);
  });

  it('reports every unknown field and every wrong type at once', () => {
    const body = {
      data: {},
      path: 'other',
      if_match: '"v1"',
      secret_type: 7,
      options: { max_versions: '5', expected_versoin: 1, expires_in: [] },
      expires: 1,
    };
    expect(violations('PutSecret', { params: { path: 'a' }, body })).toEqual([
      'path unknown',
      'if_match unknown',
      'secret_type type',
      'options.max_versions type',
      'options.expected_versoin unknown',
      'options.expires_in type',
      'expires unknown',
    ]);
  });

  it.each([
    [{ options: 'x' }, 'options type'],
    [{ options: [] }, 'options type'],
    [{ options: { max_versions: 1.5 } }, 'options.max_versions type'],
    [{ options: { max_versions: 2147483648 } }, 'options.max_versions range'],
    [{ options: { max_versions: true } }, 'options.max_versions type'],
    [{ secret_type: {} }, 'secret_type type'],
    [{ secretType: 'kv' }, 'secretType unknown'],
    [{ Data: {} }, 'Data unknown'],
    [{ $typeName: 'x' }, '$typeName unknown'],
    [{ constructor: {} }, 'constructor unknown'],
  ])('refuses %j', (body, expected) => {
    expect(violations('PutSecret', { body })).toEqual([expected]);
  });

  it('refuses __proto__ as the unknown field that it is', () => {
    expect(violations('PutSecret', { body: '{"__proto__": {"path": "x"}}' })).toEqual(['__proto__ unknown']);
  });

  it('refuses null for a plain field, numbers beyond a double and half a surrogate pair', () => {
    expect(violations('CreatePolicy', { body: { name: null } })).toEqual(['name type']);
    expect(violations('CreatePolicy', { body: '{"priority": 1e400}' })).toEqual(['priority type']);
    expect(violations('CreatePolicy', { body: '{"name": "\\ud800"}' })).toEqual(['name format']);
    expect(violations('CreatePolicy', { body: { nulls: ['x'] } })).toEqual(['nulls unknown']);
    expect(violations('UpdatePolicy', { body: { nulls: ['x'] } })).toEqual(['nulls unknown']);
  });

  it('keeps the answer small when a hostile body breaks everything', () => {
    const body = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${'x'.repeat(500)}${i}`, 1]));
    const fields = refusal('PutSecret', { body }).details?.fields as { field: string }[];
    expect(fields).toHaveLength(100);
    expect(fields[0]?.field).toHaveLength(128);
  });

  it.each([
    ['an empty body', ''],
    ['a list', '[]'],
    ['broken text', '{"data":'],
    ['a name given twice, deep in a raw value', '{"data":{"a":{"b":1,"b":2}}}'],
  ])('refuses %s with 400 even when a field is wrong too', (_, body) => {
    expect(refusal('PutSecret', { body }).code).toBe('invalid_request');
  });

  it('wants a body where the request has fields and takes none where it has not', () => {
    expect(reason('PutSecret', {})).toBe('empty_body');
    expect(decode('RestoreSecret', { params: { path: 'a' } })).toMatchObject({ path: 'a' });
    expect(decode('RestoreSecret', { params: { path: 'a' }, body: {} })).toMatchObject({ path: 'a' });
    expect(violations('RestoreSecret', { body: { path: 'b' } })).toEqual(['path unknown']);
    expect(reason('ReadSecret', { body: {} })).toBe('body_not_allowed');
    expect(reason('DeleteSecret', { body: {} })).toBe('body_not_allowed');
    expect(decode('ReadSecret', { params: { path: 'a' }, body: '' })).toMatchObject({ path: 'a' });
  });

  it('hands a raw body over unread', () => {
    const message = decode('ReceiveScaiKeyEvent', {
      body: '{"a": 1,  "a": 2',
      headers: { 'x-scaikey-signature': 'sha256=00' },
    }) as unknown as { body: Uint8Array };
    expect(text(message.body)).toBe('{"a": 1,  "a": 2');
    expect(message).toMatchObject({ signature: 'sha256=00' });
    expect(message).not.toHaveProperty('eventId');
  });
});

describe('decoding a query', () => {
  it.each([
    ['', {}],
    ['prefix=app%2Fx&limit=5', { prefix: 'app/x', limit: 5 }],
    ['prefix=a+b%2Bc', { prefix: 'a b+c' }],
    ['prefix=', { prefix: '' }],
    ['tag=a&tag=b,c', { tag: ['a', 'b,c'] }],
    ['include_deleted=true', { includeDeleted: true }],
    ['include_deleted=false&', { includeDeleted: false }],
    ['%70refix=a%3Db=c', { prefix: 'a=b=c' }],
    ['limit=0', { limit: 0 }],
    ['limit=-1', { limit: -1 }],
  ])('reads %j', (query, expected) => {
    expect(decode('ListSecrets', { query })).toEqual({
      $typeName: 'scaivault.secrets.v1.ListSecretsRequest',
      tag: [],
      includeDeleted: false,
      includePartner: false,
      ...expected,
    });
  });

  it('splits lists at commas where the contract says so', () => {
    expect(decode('QueryAuditLogs', { query: 'action=read,write&action=list' })).toMatchObject({
      action: ['read', 'write', 'list'],
    });
    expect(decode('QueryAuditLogs', { query: 'action=a%2Cb' })).toMatchObject({ action: ['a', 'b'] });
    for (const action of [['read', 'write'], 'read,write'])
      expect(decode('CreateExport', { body: { filters: { action } } })).toMatchObject({
        filters: { action: ['read', 'write'] },
      });
    expect(violations('CreateExport', { body: { filters: { action: 7 } } })).toEqual(['filters.action type']);
  });

  it.each([
    ['permanet=true', 'unknown_parameter'],
    ['path=other', 'unknown_parameter'],
    ['if_match=x', 'unknown_parameter'],
    ['__proto__=x', 'unknown_parameter'],
    ['=x', 'unknown_parameter'],
    ['permanent=true&permanent=true', 'repeated_parameter'],
    ['permanent=1', 'invalid_boolean'],
    ['permanent=True', 'invalid_boolean'],
    ['permanent=', 'invalid_boolean'],
    ['permanent', 'invalid_boolean'],
    ['permanent=%zz', 'malformed_query'],
    ['permanent=%C0%80', 'malformed_query'],
    ['p\u00e9=1', 'malformed_query'],
  ])('refuses %j with 400', (query, expected) => {
    expect(reason('DeleteSecret', { query })).toBe(expected);
  });

  it('refuses query parameters on calls that have a body', () => {
    expect(reason('PutSecret', { query: 'secret_type=kv', body: { data: {} } })).toBe('unknown_parameter');
  });

  it.each(['abc', '1.0', '1e2', ' 1', '+1', '0x1', ''])('refuses version=%s as a wrong type', (version) => {
    expect(violations('ReadSecret', { query: `version=${encodeURIComponent(version)}` })).toEqual(['version type']);
  });

  it('leaves bounds of the contract to the service and refuses what no field can hold', () => {
    expect(decode('ReadSecret', { query: 'version=0' })).toMatchObject({ version: 0 });
    expect(violations('ReadSecret', { query: 'version=2147483648' })).toEqual(['version range']);
  });
});
