/**
 * Names of the call metadata between our processes. Those below `x-scaivault-` are believed only when the peer is the
 * gateway, which has seen the client; from anybody else they are ignored.
 */
export const metadataNames = {
  authorization: 'authorization',
  traceparent: 'traceparent',
  tenantHeader: 'x-tenant-id',
  /** Whose objects the call is about: `partner` for those of the partner (path /v1/partner/, rest-api-core 3.2). */
  objectScope: 'x-object-scope',
  /** Which partner that is; only for a super_admin another one than that of the tenant acted in. */
  partnerHeader: 'x-partner-id',
  idempotencyKey: 'idempotency-key',
  requestId: 'x-scaivault-request-id',
  clientRequestId: 'x-scaivault-client-request-id',
  sourceIp: 'x-scaivault-source-ip',
  userAgent: 'x-scaivault-user-agent',
  /** Tenant of the path prefix /v1/t/{tenant_id}/. */
  tenantPrefix: 'x-scaivault-tenant-prefix',
  /** A refusal of the input that the gateway found, as JSON; raised in its turn of the order of work. */
  inputRefusal: 'x-scaivault-input-refusal',
} as const;

/** Answer headers by which a service tells the gateway what HTTP wants to know. */
export const answerHeaders = {
  status: 'x-scaivault-status',
  etag: 'etag',
  location: 'location',
  replayed: 'idempotency-replayed',
  retryAfter: 'retry-after',
  rateLimit: 'x-ratelimit-limit',
  rateRemaining: 'x-ratelimit-remaining',
  rateReset: 'x-ratelimit-reset',
} as const;
