import {
  AuditService,
  IdentityService,
  PolicyService,
  SecretPoliciesService,
  SecretsService,
} from '@scaivault/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRoutes } from './route-table.ts';

const services = [SecretsService, SecretPoliciesService, PolicyService, AuditService, IdentityService];
const table = compileRoutes(services);

/** One line that says how a call was matched. */
const shown = (call: string): string => {
  const space = call.indexOf(' ');
  const match = table.match(call.slice(0, space), call.slice(space + 1));
  if (match.kind === 'not_found') return '404';
  if (match.kind === 'method_not_allowed') return `405 ${match.allow.join(',')}`;
  const tenant =
    (match.tenantId === undefined ? '' : ` in ${match.tenantId}`) + (match.isForPartner ? ' of partner' : '');
  const { paramRefusal: refusal } = match;
  if (refusal !== undefined) {
    expect(match.params).toEqual({});
    return `${match.route.method.name} ${refusal.code} ${String(refusal.details?.reason)}${tenant}`;
  }
  return [match.route.method.name, ...Object.values(match.params)].join(' ') + tenant;
};

describe('the route table', () => {
  it('compiles every HTTP binding of the contract and leaves out calls between our processes', () => {
    const bound = table.routes.map((route) => `${route.httpMethod} ${route.template}`);
    expect(bound).toContain('POST /v1/secrets/{path=**}:restore');
    expect(bound).toHaveLength(services.flatMap((service) => service.methods).length);
    expect(table.routes.find((route) => route.method.name === 'ReadSecret')).toMatchObject({
      id: 'scaivault.secrets.v1.SecretsService/ReadSecret',
      httpMethod: 'GET',
      pathParameters: ['path'],
      tenantPrefix: true,
      partnerPrefix: true,
      hasBody: false,
    });
  });

  it.each([
    ['GET /v1/secrets', 'ListSecrets'],
    ['GET /v1/secrets/a', 'ReadSecret a'],
    ['GET /v1/secrets/env/prod/db', 'ReadSecret env/prod/db'],
    ['PUT /v1/secrets/env%2Fprod', 'PutSecret env/prod'],
    ['DELETE /v1/secrets/env%2fprod', 'DeleteSecret env/prod'],
    ['POST /v1/secrets/env/prod:restore', 'RestoreSecret env/prod'],
    ['GET /v1/secrets/env/prod:versions', 'ListVersions env/prod'],
    ['GET /v1/secrets/batch', 'ReadSecret batch'],
    ['POST /v1/secrets/batch', 'BatchRead'],
    ['POST /v1/secrets/batch/metadata', 'BatchReadMetadata'],
    ['POST /v1/secrets/batch:rotate', 'RotateSecret batch'],
    ['POST /v1/secrets/batch/metadata:destroy', 'DestroyVersions batch/metadata'],
    ['GET /v1/secrets:expiring', 'ListExpiring'],
    ['GET /v1/secrets/env/prod:metadata', 'ReadMetadata env/prod'],
    ['PATCH /v1/secrets/env/prod:metadata', 'UpdateMetadata env/prod'],
    ['POST /v1/secret-policies:preview', 'PreviewFields'],
    ['POST /v1/secret-policies/sp_1:preview', 'PreviewSecretPolicy sp_1'],
    ['DELETE /v1/secret-policies/sp_1', 'DeleteSecretPolicy sp_1'],
    ['GET /v1/policies', 'ListPolicies'],
    ['GET /v1/policies/pol_1', 'GetPolicy pol_1'],
    ['POST /v1/policies/test', 'TestPolicies'],
    ['PUT /v1/policies/test', 'ReplacePolicy test'],
    ['GET /v1/policies/test/bindings', 'ListBindings test'],
    ['DELETE /v1/policies/pol_1/bindings/bnd_2', 'DeleteBinding pol_1 bnd_2'],
    ['GET /v1/identity/resolve/user/user:a@b.example', 'ResolveIdentity user user:a@b.example'],
    ['GET /v1/identity/resolve/user/user%3Aa%40b.example', 'ResolveIdentity user user:a@b.example'],
    ['GET /v1/identity/resolve/group/group%3A%C3%A9quipe', 'ResolveIdentity group group:équipe'],
    ['GET /v1/auth/whoami', 'WhoAmI'],
  ])('matches %s as %s', (call, expected) => {
    expect(shown(call)).toBe(expected);
  });

  it.each([
    ['GET /v1/t/tnt_1/secrets', 'ListSecrets in tnt_1'],
    ['PUT /v1/t/tnt_1/secrets/a/b', 'PutSecret a/b in tnt_1'],
    ['GET /v1/t/tnt%5F1/audit/logs', 'QueryAuditLogs in tnt_1'],
    ['GET /v1/t/a%252Fb/secrets/x', 'ReadSecret x in a%2Fb'],
    ['GET /v1/t/tnt:1/secrets/x', 'ReadSecret x in tnt:1'],
    ['PATCH /v1/t/tnt_1/secrets/a', '405 DELETE,GET,PUT'],
    ['GET /v1/t/tnt_1/auth/whoami', '404'],
    ['POST /v1/t/tnt_1/identity/webhooks/scaikey', '404'],
    ['GET /v1/t/tnt_1', '404'],
    ['GET /v1/t/tnt_1/', '404'],
    ['GET /v1/t//secrets', '404'],
    ['GET /v1/t/tnt_1/t/tnt_2/secrets', '404'],
    ['GET /v1/t/%zz/secrets/x', 'ReadSecret invalid_request malformed_encoding'],
  ])('matches the tenant prefix of %s as %s', (call, expected) => {
    expect(shown(call)).toBe(expected);
  });

  it.each([
    ['GET /v1/partner/secrets', 'ListSecrets of partner'],
    ['GET /v1/partner/secrets:expiring', 'ListExpiring of partner'],
    ['PUT /v1/partner/secrets/a/b', 'PutSecret a/b of partner'],
    ['GET /v1/partner/secrets/partner', 'ReadSecret partner of partner'],
    ['POST /v1/partner/secrets/batch', 'BatchRead of partner'],
    ['POST /v1/partner/secrets/a:rotate', 'RotateSecret a of partner'],
    ['GET /v1/partner/secrets/a:nope', 'ReadSecret invalid_path unknown_verb of partner'],
    ['POST /v1/partner/secrets', '405 GET'],
    ['PATCH /v1/partner/secrets/a', '405 DELETE,GET,PUT'],
    ['GET /v1/partner', '404'],
    ['GET /v1/partner/', '404'],
    ['GET /v1/partner:secrets', '404'],
    ['GET /v1/Partner/secrets', '404'],
    ['GET /v1/partner/secret-policies', '404'],
    ['GET /v1/partner/policies', '404'],
    ['GET /v1/partner/audit/logs', '404'],
    ['GET /v1/partner/partner/secrets', '404'],
    ['GET /v1/t/tnt_1/partner/secrets', '404'],
    ['GET /v1/t/tnt_1/partner/secrets/a', '404'],
    ['GET /v1/partner/t/tnt_1/secrets', '404'],
  ])('matches the partner prefix of %s as %s', (call, expected) => {
    expect(shown(call)).toBe(expected);
  });

  it.each([
    ['GET /v1/secrets/a/../b', 'ReadSecret a/../b'],
    ['GET /v1/secrets/../policies', 'ReadSecret ../policies'],
    ['GET /v1/secrets/%2e%2e/policies', 'ReadSecret ../policies'],
    ['GET /v1/secrets/a/./b', 'ReadSecret a/./b'],
    ['GET /v1/secrets//a', 'ReadSecret /a'],
    ['GET /v1/secrets/a//b', 'ReadSecret a//b'],
    ['GET /v1/secrets/a/', 'ReadSecret a/'],
    ['GET /v1/secrets/A', 'ReadSecret A'],
    ['GET /v1/secrets/a%00b', 'ReadSecret a\0b'],
    ['GET /v1/secrets/a%252Fb', 'ReadSecret a%2Fb'],
    ['GET /v1/secrets/a+b', 'ReadSecret a+b'],
    ['GET /v1/secrets/a#b', 'ReadSecret a#b'],
    [`GET /v1/secrets/${'s/'.repeat(10)}s`, `ReadSecret ${'s/'.repeat(10)}s`],
    [`GET /v1/secrets/${'x'.repeat(513)}`, `ReadSecret ${'x'.repeat(513)}`],
    ['GET /v1/secrets/__proto__', 'ReadSecret __proto__'],
  ])('hands %j to the service as it is', (call, expected) => {
    expect(shown(call)).toBe(expected);
  });

  it.each([
    ['GET /v1/secrets/', 'ReadSecret invalid_path empty'],
    ['POST /v1/secrets/:restore', 'RestoreSecret invalid_path empty'],
    ['GET /v1/secrets/%zz', 'ReadSecret invalid_path malformed_encoding'],
    ['GET /v1/secrets/a%', 'ReadSecret invalid_path malformed_encoding'],
    ['GET /v1/secrets/a%2', 'ReadSecret invalid_path malformed_encoding'],
    ['GET /v1/secrets/%C0%AE%C0%AE', 'ReadSecret invalid_path malformed_encoding'],
    ['GET /v1/secrets/%ED%A0%80', 'ReadSecret invalid_path malformed_encoding'],
    ['GET /v1/secrets/%FF', 'ReadSecret invalid_path malformed_encoding'],
    ['GET /v1/secrets/caf\u00e9', 'ReadSecret invalid_path malformed_encoding'],
    ['GET /v1/secrets/a b', 'ReadSecret invalid_path malformed_encoding'],
    ['GET /v1/secrets/a:', 'ReadSecret invalid_path unknown_verb'],
    ['GET /v1/secrets/a:nope', 'ReadSecret invalid_path unknown_verb'],
    ['GET /v1/secrets/a:Versions', 'ReadSecret invalid_path unknown_verb'],
    ['GET /v1/secrets/a:version%73', 'ReadSecret invalid_path unknown_verb'],
    ['GET /v1/secrets/a:versions/b', 'ReadSecret invalid_path unknown_verb'],
    ['GET /v1/secrets/a:versions/', 'ReadSecret invalid_path unknown_verb'],
    ['POST /v1/secrets/a:nope', 'DestroyVersions invalid_path unknown_verb'],
    ['PATCH /v1/secrets/a:nope', 'UpdateMetadata invalid_path unknown_verb'],
    ['GET /v1/secrets/a%3Adestroy', 'ReadSecret invalid_path encoded_colon'],
    ['POST /v1/secrets/a%3adestroy', 'DestroyVersions invalid_path encoded_colon'],
    ['POST /v1/secrets/a%3Arestore', 'DestroyVersions invalid_path encoded_colon'],
    ['POST /v1/secrets/a%3Ab:restore', 'RestoreSecret invalid_path encoded_colon'],
    ['POST /v1/secrets/a:b:restore', 'RestoreSecret a:b'],
    ['GET /v1/policies/%zz', 'GetPolicy invalid_request malformed_encoding'],
  ])('keeps the route of %j and its refusal apart, so that the token is judged first', (call, expected) => {
    expect(shown(call)).toBe(expected);
  });

  it('shows the path that it refuses, cut to a length that fits an answer', () => {
    const match = table.match('GET', `/v1/secrets/${'x'.repeat(6000)}:nope`);
    expect(match.kind === 'route' && match.paramRefusal?.details).toEqual({
      path: 'x'.repeat(520),
      reason: 'unknown_verb',
    });
  });

  it.each([
    'GET /',
    'GET ',
    'GET *',
    'GET http://host/v1/secrets',
    'GET /v1',
    'GET /v1/',
    'GET /v1//secrets/a',
    'GET //v1/secrets/a',
    'GET /V1/secrets/a',
    'GET /v1/Secrets/a',
    'GET /v1/%73ecrets/a',
    'GET /v1/./secrets/a',
    'GET /v1/x/../secrets/a',
    'GET /v1/secrets:nope',
    'GET /v1/policies/',
    'GET /v1/policies/a/',
    'GET /v1/policies//bindings',
    'GET /v1/policies/a/bindings/b/c',
    'GET /v1/identity/resolve/user/',
    'GET /v1/__proto__',
    'GET /v1/constructor/prototype',
  ])('knows no route for %j', (call) => {
    expect(shown(call)).toBe('404');
  });

  it.each([
    ['POST /v1/secrets/a', '405 DELETE,GET,PUT'],
    ['HEAD /v1/secrets/a', '405 DELETE,GET,PUT'],
    ['get /v1/secrets/a', '405 DELETE,GET,PUT'],
    ['GET /v1/secrets/a:restore', '405 POST'],
    ['HEAD /v1/secrets/a:nope', '405 DELETE,GET,PATCH,POST,PUT'],
    ['DELETE /v1/policies', '405 GET,POST'],
    ['POST /v1/policies/pol_1', '405 DELETE,GET,PATCH,PUT'],
    ['HEAD /v1/policies/test', '405 DELETE,GET,PATCH,POST,PUT'],
    ['GET /v1/policies/a/bindings/b', '405 DELETE'],
    ['GET /v1/identity/webhooks/scaikey', '405 POST'],
  ])('answers %s with %s', (call, expected) => {
    expect(shown(call)).toBe(expected);
  });

  it('takes back every path that a client encodes, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (path) => {
        fc.pre(!path.includes(':') && path.isWellFormed());
        const match = table.match('GET', `/v1/secrets/${encodeURIComponent(path)}`);
        expect(match).toMatchObject({ kind: 'route', params: { path }, paramRefusal: undefined });
      }),
    );
  });

  it('ends in one of its answers for any text', () => {
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST', 'x'), fc.string({ unit: 'binary-ascii' }), (method, tail) => {
        for (const head of [
          '',
          '/v1/',
          '/v1/secrets/',
          '/v1/t/',
          '/v1/t/x/secrets/',
          '/v1/partner/',
          '/v1/policies/',
        ]) {
          expect(['route', 'not_found', 'method_not_allowed']).toContain(table.match(method, head + tail).kind);
        }
      }),
    );
  });

  it('works in linear time on hostile paths', () => {
    const started = performance.now();
    for (const unit of ['/', ':', 'a/', '%', '%2f', '%3A', '../', ':restore']) {
      table.match('GET', `/v1/secrets/${unit.repeat(1_000_000 / unit.length)}`);
      table.match('GET', `/v1/policies/${unit.repeat(1_000_000 / unit.length)}`);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('refuses to start when two methods claim the same call', () => {
    expect(() => compileRoutes([SecretsService, SecretsService])).toThrow(/is taken/);
  });
});
