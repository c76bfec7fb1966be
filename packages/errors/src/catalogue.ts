/**
 * The closed vocabulary of refusals (rest-api-core 1.10): one row per code, with its HTTP status, its gRPC status and
 * what a client may do about it. Everything else that speaks of errors (gateway, wires, OpenAPI, SDK) reads this table.
 */

/** gRPC status numbers (grpc/status.proto); only the ones the catalogue uses. */
export const GrpcStatus = {
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
} as const;

export type GrpcStatusName = keyof typeof GrpcStatus;

/**
 * What a client may do: `no` = change something first; `after` = wait Retry-After; `backoff` = exponential from 500 ms,
 * doubled, full jitter, cap 30 s, at most 5 tries; `once` = one more try. The rest name the remedy.
 */
export type RetryAdvice =
  | 'no'
  | 'after'
  | 'backoff'
  | 'once'
  | 'restart_list'
  | 'with_token'
  | 'with_new_token'
  | 'sign_in_anew'
  | 'after_step_up'
  | 'inside_window'
  | 'after_reading_again'
  | 'only_in_progress';

export interface ErrorDefinition {
  readonly http: number;
  readonly grpc: GrpcStatusName;
  readonly retry: RetryAdvice;
}

const define = (http: number, grpc: GrpcStatusName, retry: RetryAdvice): ErrorDefinition =>
  Object.freeze({ http, grpc, retry });
const notFound = define(404, 'NOT_FOUND', 'no');
const denied = define(403, 'PERMISSION_DENIED', 'no');
const badInput = define(400, 'INVALID_ARGUMENT', 'no');

export const errorCatalogue = Object.freeze({
  invalid_request: badInput,
  invalid_path: badInput,
  invalid_secret_type: badInput,
  invalid_duration: badInput,
  invalid_cursor: define(400, 'INVALID_ARGUMENT', 'restart_list'),
  invalid_policy: badInput,
  invalid_glob: badInput,
  invalid_role: badInput,
  invalid_config: define(400, 'FAILED_PRECONDITION', 'no'),
  authentication_required: define(401, 'UNAUTHENTICATED', 'with_token'),
  token_expired: define(401, 'UNAUTHENTICATED', 'with_new_token'),
  token_invalid: define(401, 'UNAUTHENTICATED', 'no'),
  token_revoked: define(401, 'UNAUTHENTICATED', 'sign_in_anew'),
  signature_invalid: define(401, 'UNAUTHENTICATED', 'no'),
  access_denied: denied,
  insufficient_scope: denied,
  mfa_required: define(403, 'PERMISSION_DENIED', 'after_step_up'),
  ip_not_allowed: denied,
  time_window_violation: define(403, 'PERMISSION_DENIED', 'inside_window'),
  tenant_access_denied: denied,
  forbidden: denied,
  not_found: notFound,
  secret_not_found: notFound,
  version_not_found: notFound,
  tenant_not_found: notFound,
  identity_not_found: notFound,
  policy_not_found: notFound,
  binding_not_found: notFound,
  secret_policy_not_found: notFound,
  rotation_policy_not_found: notFound,
  webhook_not_found: notFound,
  delivery_not_found: notFound,
  subscription_not_found: notFound,
  export_not_found: notFound,
  checkpoint_not_found: notFound,
  rotation_not_found: notFound,
  ca_not_found: notFound,
  certificate_not_found: notFound,
  csr_not_found: notFound,
  trust_anchor_not_found: notFound,
  acme_account_not_found: notFound,
  acme_order_not_found: notFound,
  dns_provider_not_found: notFound,
  engine_not_found: notFound,
  role_not_found: notFound,
  lease_not_found: notFound,
  backend_not_found: notFound,
  method_not_allowed: define(405, 'UNIMPLEMENTED', 'no'),
  secret_exists: define(409, 'ALREADY_EXISTS', 'no'),
  version_conflict: define(409, 'ABORTED', 'after_reading_again'),
  policy_in_use: define(409, 'FAILED_PRECONDITION', 'no'),
  idempotency_conflict: define(409, 'ABORTED', 'only_in_progress'),
  name_conflict: define(409, 'ALREADY_EXISTS', 'no'),
  ca_in_use: define(409, 'FAILED_PRECONDITION', 'no'),
  engine_in_use: define(409, 'FAILED_PRECONDITION', 'no'),
  federated_read_only: define(409, 'FAILED_PRECONDITION', 'no'),
  secret_expired: define(410, 'FAILED_PRECONDITION', 'no'),
  payload_too_large: define(413, 'INVALID_ARGUMENT', 'no'),
  unsupported_media_type: define(415, 'INVALID_ARGUMENT', 'no'),
  validation_error: define(422, 'INVALID_ARGUMENT', 'no'),
  rate_limited: define(429, 'RESOURCE_EXHAUSTED', 'after'),
  internal_error: define(500, 'INTERNAL', 'once'),
  backend_error: define(502, 'UNAVAILABLE', 'backoff'),
  service_unavailable: define(503, 'UNAVAILABLE', 'backoff'),
  audit_unavailable: define(503, 'UNAVAILABLE', 'backoff'),
  kms_unavailable: define(503, 'UNAVAILABLE', 'backoff'),
  backend_timeout: define(504, 'DEADLINE_EXCEEDED', 'backoff'),
});

export type ErrorCode = keyof typeof errorCatalogue;

/** True for a word of the catalogue; guards codes that arrive over a wire. */
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorCatalogue, text);
