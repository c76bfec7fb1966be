import { describe, expect, it } from 'vitest';
import { errorCatalogue, GrpcStatus, isErrorCode } from './catalogue.ts';
import { errorGroups } from './groups.ts';

/** The table of rest-api-core 1.10, written down a second time: HTTP status, gRPC status, codes. */
const contract = `
400 INVALID_ARGUMENT invalid_request invalid_path invalid_secret_type invalid_duration invalid_cursor invalid_policy invalid_glob invalid_role
400 FAILED_PRECONDITION invalid_config
401 UNAUTHENTICATED authentication_required token_expired token_invalid token_revoked signature_invalid
403 PERMISSION_DENIED access_denied insufficient_scope mfa_required ip_not_allowed time_window_violation tenant_access_denied forbidden
404 NOT_FOUND not_found secret_not_found version_not_found tenant_not_found identity_not_found
404 NOT_FOUND policy_not_found binding_not_found secret_policy_not_found rotation_policy_not_found webhook_not_found delivery_not_found subscription_not_found
404 NOT_FOUND export_not_found checkpoint_not_found rotation_not_found
404 NOT_FOUND ca_not_found certificate_not_found csr_not_found trust_anchor_not_found acme_account_not_found acme_order_not_found dns_provider_not_found
404 NOT_FOUND engine_not_found role_not_found lease_not_found backend_not_found
405 UNIMPLEMENTED method_not_allowed
409 ALREADY_EXISTS secret_exists name_conflict
409 ABORTED version_conflict idempotency_conflict
409 FAILED_PRECONDITION policy_in_use ca_in_use engine_in_use federated_read_only
410 FAILED_PRECONDITION secret_expired
413 INVALID_ARGUMENT payload_too_large
415 INVALID_ARGUMENT unsupported_media_type
422 INVALID_ARGUMENT validation_error
429 RESOURCE_EXHAUSTED rate_limited
500 INTERNAL internal_error
502 UNAVAILABLE backend_error
503 UNAVAILABLE service_unavailable audit_unavailable kms_unavailable
504 DEADLINE_EXCEEDED backend_timeout
`;

const rows = contract
  .trim()
  .split('\n')
  .flatMap((line) => {
    const [http, grpc, ...codes] = line.split(' ');
    return codes.map((code) => [code, { http: Number(http), grpc }] as const);
  });

describe('the catalogue of refusals', () => {
  it('holds exactly the codes of the contract, with their HTTP and gRPC statuses', () => {
    const own = Object.entries(errorCatalogue).map(([code, { http, grpc }]) => [code, { http, grpc }]);
    expect(Object.fromEntries(own)).toEqual(Object.fromEntries(rows));
    expect(rows).toHaveLength(new Set(rows.map(([code]) => code)).size);
  });

  it('gives each gRPC status its number', () => {
    expect(GrpcStatus).toEqual({
      INVALID_ARGUMENT: 3,
      DEADLINE_EXCEEDED: 4,
      NOT_FOUND: 5,
      ALREADY_EXISTS: 6,
      PERMISSION_DENIED: 7,
      RESOURCE_EXHAUSTED: 8,
      FAILED_PRECONDITION: 9,
      ABORTED: 10,
      UNIMPLEMENTED: 12,
      INTERNAL: 13,
      UNAVAILABLE: 14,
      UNAUTHENTICATED: 16,
    });
  });

  it('advises a retry exactly where one can help', () => {
    const advised = (advice: string) =>
      Object.entries(errorCatalogue)
        .filter(([, { retry }]) => retry === advice)
        .map(([code]) => code);
    expect(advised('backoff')).toEqual([
      'backend_error',
      'service_unavailable',
      'audit_unavailable',
      'kms_unavailable',
      'backend_timeout',
    ]);
    expect(advised('after')).toEqual(['rate_limited']);
    expect(advised('once')).toEqual(['internal_error']);
  });

  it.each(['toString', '__proto__', 'constructor', '', 'Access_Denied'])('does not take %j for a code', (text) => {
    expect(isErrorCode(text)).toBe(false);
  });
});

describe('groups', () => {
  it('name codes of the catalogue only, each once', () => {
    for (const codes of Object.values<readonly string[]>(errorGroups)) {
      expect(codes.filter((code) => !isErrorCode(code))).toEqual([]);
      expect(codes).toHaveLength(new Set(codes).size);
    }
  });

  it('are those of the contract', () => {
    expect(errorGroups).toEqual({
      A: 'invalid_request authentication_required token_expired token_invalid token_revoked insufficient_scope tenant_access_denied tenant_not_found forbidden not_found method_not_allowed payload_too_large unsupported_media_type validation_error rate_limited internal_error service_unavailable audit_unavailable'.split(
        ' ',
      ),
      P: ['invalid_path', 'access_denied', 'mfa_required', 'ip_not_allowed', 'time_window_violation'],
      K: ['kms_unavailable'],
      L: ['invalid_cursor'],
      I: ['idempotency_conflict'],
      F: ['backend_error', 'backend_timeout'],
      W: ['federated_read_only', 'backend_error', 'backend_timeout'],
    });
  });
});
