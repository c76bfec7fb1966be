import type { Header, Parameter } from './document.ts';

/** Parameters that several operations refer to. */
export const sharedParameters: Readonly<Record<string, Parameter>> = {
  TenantId: {
    name: 'X-Tenant-ID',
    in: 'header',
    required: false,
    description: 'Acts in another tenant than the one the token names; for administrators of a partner or of all.',
    schema: { type: 'string', minLength: 1, maxLength: 128 },
  },
  PartnerId: {
    name: 'X-Partner-ID',
    in: 'header',
    required: false,
    description:
      "Whose objects of the partner are meant, below `/v1/partner/` and by `scope`: another partner's than the tenant's; for administrators of all partners.",
    schema: { type: 'string', minLength: 1, maxLength: 128 },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'The same key with the same request within 24 hours brings the first answer again and does nothing. Otherwise 409 `idempotency_conflict`, with `details.reason` = `mismatch` (the key was used for another request), `in_progress` (try again in a second) or `answer_lost` (the request took effect and its answer is gone; read what it has changed).',
    schema: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[ -~]+$' },
  },
};

const integer = { type: 'integer' } as const;
const text = { type: 'string' } as const;

/** Response headers (rest-api-core 1.2). */
export const sharedHeaders: Readonly<Record<string, Header>> = {
  RequestId: { description: 'Our id of this request.', schema: { type: 'string', pattern: '^req_' } },
  ETag: { description: 'Version tag, for `If-Match` and `If-None-Match`.', schema: text },
  Location: { description: 'Address of the new resource.', schema: text },
  IdempotencyReplayed: { description: '`true` on an answer that was stored by an earlier request.', schema: text },
  RateLimitLimit: { description: "Capacity of the category's bucket.", schema: integer },
  RateLimitRemaining: { description: 'Whole units left.', schema: integer },
  RateLimitReset: { description: 'Unix second at which the bucket is full again.', schema: integer },
  RetryAfter: { description: 'Whole seconds until another try makes sense, when known.', schema: integer },
  WwwAuthenticate: { description: 'What is wrong with the token.', schema: text },
};
