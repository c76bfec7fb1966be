import type { ErrorCode } from './catalogue.ts';

/** The groups of rest-api-core 1.10 that an RPC names in its `answers` option instead of repeating their codes. */
export const errorGroups = Object.freeze({
  A: [
    'invalid_request',
    'authentication_required',
    'token_expired',
    'token_invalid',
    'token_revoked',
    'insufficient_scope',
    'tenant_access_denied',
    'tenant_not_found',
    'forbidden',
    'not_found',
    'method_not_allowed',
    'payload_too_large',
    'unsupported_media_type',
    'validation_error',
    'rate_limited',
    'internal_error',
    'service_unavailable',
    'audit_unavailable',
  ],
  P: ['invalid_path', 'access_denied', 'mfa_required', 'ip_not_allowed', 'time_window_violation'],
  K: ['kms_unavailable'],
  L: ['invalid_cursor'],
  I: ['idempotency_conflict'],
  F: ['backend_error', 'backend_timeout'],
  W: ['federated_read_only', 'backend_error', 'backend_timeout'],
} as const satisfies Record<string, readonly ErrorCode[]>);

export type ErrorGroup = keyof typeof errorGroups;
