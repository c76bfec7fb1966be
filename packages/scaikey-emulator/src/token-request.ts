/** The body of `POST /dev/token`; only `sub` is required. Lists may also be given as one text. */
export interface TokenRequest {
  /** An id, e-mail, service account name, `user:<email>` or `sa:<name>`; unknown ones are taken as they are. */
  readonly sub: string;
  readonly tenant_id?: string;
  readonly partner_id?: string;
  /** Group names. */
  readonly groups?: string | readonly string[];
  readonly roles?: string | readonly string[];
  /** Space separated, or a list. */
  readonly scope?: string | readonly string[];
  /** Seconds; negative makes a token that has expired already. */
  readonly expires_in?: number;
  readonly amr?: string | readonly string[];
  /** True makes the token of a service account. */
  readonly client?: boolean;
  readonly email?: string;
  /** Unix seconds. */
  readonly auth_time?: number;
  /** Who acts for `sub`: a subject, or a whole `act` claim (RFC 8693 section 4.1). */
  readonly act?: string | Readonly<Record<string, unknown>>;
  /** Globs that narrow the token (rest-api-core 2.2). */
  readonly scv_paths?: readonly string[];
}

const text = { type: 'string', minLength: 1, maxLength: 2048 } as const;
const textOrList = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] } as const;

/** JSON Schema of a TokenRequest. */
export const tokenRequestSchema = {
  type: 'object',
  required: ['sub'],
  additionalProperties: false,
  properties: {
    sub: text,
    tenant_id: text,
    partner_id: text,
    groups: textOrList,
    roles: textOrList,
    scope: textOrList,
    expires_in: { type: 'integer' },
    amr: textOrList,
    client: { type: 'boolean' },
    email: text,
    auth_time: { type: 'integer' },
    act: { anyOf: [text, { type: 'object' }] },
    scv_paths: { type: 'array', items: { type: 'string' }, maxItems: 20 },
  },
} as const;
