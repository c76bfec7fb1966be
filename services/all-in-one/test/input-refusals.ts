export interface InputRefusal {
  readonly name: string;
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const asJson = { 'content-type': 'application/json' };

/** A write of `input/a` with this body, refused as the input of a caller who may do everything. */
const put = (
  name: string,
  body: string | Buffer | object,
  status: number,
  code: string,
  details?: Readonly<Record<string, unknown>>,
): InputRefusal => ({
  name,
  method: 'PUT',
  path: '/v1/secrets/input/a',
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  headers: asJson,
  status,
  code,
  ...(details === undefined ? {} : { details }),
});

const field = (name: string, rule: string) => ({ fields: [{ field: name, rule }] });

const get = (
  name: string,
  path: string,
  status: number,
  code: string,
  details?: Readonly<Record<string, unknown>>,
): InputRefusal => ({
  name,
  path,
  status,
  code,
  ...(details === undefined ? {} : { details }),
});

const data = { k: 'v' };
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
/** A data object whose serialised form has exactly this many bytes. */
export const dataOfBytes = (bytes: number): string => `{"k":"${'a'.repeat(bytes - 8)}"}`;

/** Inputs that are refused, with how (rest-api-core 1, 4.3, 15). */
export const inputRefusals: readonly InputRefusal[] = [
  put('malformed JSON', '{"data":', 400, 'invalid_request'),
  put('text behind the JSON', '{"data":{"a":1}} x', 400, 'invalid_request'),
  put('a list as body', '[{"data":{"a":1}}]', 400, 'invalid_request'),
  put('a word as body', '"data"', 400, 'invalid_request'),
  put('an empty body', '', 400, 'invalid_request'),
  put('a key twice in the body', '{"data":{"a":1},"data":{"b":2}}', 400, 'invalid_request'),
  put('a key twice in the body, once escaped', '{"data":{"a":1},"d\\u0061ta":{"b":2}}', 400, 'invalid_request'),
  put(
    'a key twice in the options',
    '{"data":{"a":1},"options":{"max_versions":1,"max_versions":2}}',
    400,
    'invalid_request',
  ),
  put('bytes that are not UTF-8', Buffer.from('{"data":{"k":"\xff"}}', 'latin1'), 400, 'invalid_request'),
  put('an unknown field', { data, dat: 1 }, 422, 'validation_error', field('dat', 'unknown')),
  put(
    'an unknown option',
    { data, options: { max_version: 1 } },
    422,
    'validation_error',
    field('options.max_version', 'unknown'),
  ),
  put('no data', {}, 422, 'validation_error', field('data', 'required')),
  put('empty data', { data: {} }, 422, 'validation_error', field('data', 'length')),
  put('data that is no object', { data: ['v'] }, 422, 'validation_error', field('data', 'type')),
  put('data that nests too deep', `{"data":${nested(40)}}`, 422, 'validation_error'),
  put(
    'a text where a number belongs',
    { data, options: { max_versions: '5' } },
    422,
    'validation_error',
    field('options.max_versions', 'type'),
  ),
  put(
    'no version at all to keep',
    { data, options: { max_versions: 0 } },
    422,
    'validation_error',
    field('options.max_versions', 'range'),
  ),
  put(
    'a hundred and one versions to keep',
    { data, options: { max_versions: 101 } },
    422,
    'validation_error',
    field('options.max_versions', 'range'),
  ),
  put('a negative expected version', { data, options: { expected_version: -1 } }, 422, 'validation_error'),
  put(
    'a tag of a bad form',
    { data, metadata: { tags: ['Bad Tag'] } },
    422,
    'validation_error',
    field('metadata.tags[0]', 'format'),
  ),
  put(
    'sixty-five tags',
    { data, metadata: { tags: Array.from({ length: 65 }, (_, i) => `t${i}`) } },
    422,
    'validation_error',
  ),
  put('a description too long', { data, metadata: { description: 'd'.repeat(1025) } }, 422, 'validation_error'),
  put('metadata over 16 KiB', { data, metadata: { free: 'm'.repeat(16_384) } }, 413, 'payload_too_large', {
    limit_bytes: 16_384,
  }),
  put('data over 1 MiB', `{"data":${dataOfBytes(1_048_577)}}`, 413, 'payload_too_large', {
    limit_bytes: 1_048_576,
    actual_bytes: 1_048_577,
  }),
  put('a duration of another standard', { data, options: { expires_in: 'P30D' } }, 400, 'invalid_duration', {
    field: 'options.expires_in',
  }),
  put('a duration of nothing', { data, options: { expires_in: '0s' } }, 400, 'invalid_duration', {
    field: 'options.expires_in',
  }),
  put('a duration over ten years', { data, options: { expires_in: '3651d' } }, 400, 'invalid_duration', {
    field: 'options.expires_in',
  }),
  put('units of a duration out of order', { data, options: { expires_in: '1s1h' } }, 400, 'invalid_duration', {
    field: 'options.expires_in',
  }),
  put('an unknown secret type', { data, secret_type: 'password' }, 400, 'invalid_secret_type'),
  {
    ...put('a form', 'data=v', 415, 'unsupported_media_type'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  },
  { ...put('a body without a type', { data }, 415, 'unsupported_media_type'), headers: {} },
  {
    ...put('a merge patch as PUT', { data }, 415, 'unsupported_media_type'),
    headers: { 'content-type': 'application/merge-patch+json' },
  },
  get('an unknown query parameter', '/v1/secrets/input/a?versoin=1', 400, 'invalid_request'),
  get('a query parameter twice', '/v1/secrets/input/a?version=1&version=2', 400, 'invalid_request'),
  get('a bad boolean', '/v1/secrets?include_deleted=1', 400, 'invalid_request'),
  get('a bad boolean in capitals', '/v1/secrets?include_deleted=True', 400, 'invalid_request'),
  get('version 0', '/v1/secrets/input/a?version=0', 422, 'validation_error', field('version', 'range')),
  get(
    'a version that is no number',
    '/v1/secrets/input/a?version=one',
    422,
    'validation_error',
    field('version', 'type'),
  ),
  get('a limit of 0', '/v1/secrets?limit=0', 422, 'validation_error', field('limit', 'range')),
  get('a limit over 1000', '/v1/secrets?limit=1001', 422, 'validation_error', field('limit', 'range')),
  get('a cursor nobody gave out', '/v1/secrets?cursor=abc', 400, 'invalid_cursor'),
  get('a bad prefix', '/v1/secrets?prefix=App', 400, 'invalid_path'),
  get('an unknown type in a list', '/v1/secrets?secret_type=x', 400, 'invalid_secret_type'),
  get('a time that is none', '/v1/audit/logs?from=yesterday', 422, 'validation_error'),
  get('a malformed percent escape in the query', '/v1/secrets?prefix=%zz', 400, 'invalid_request'),
  get('a policy id of another thing', '/v1/policies/bnd_01J9ZC4A0B1C2D3E4F5G6H7J8K', 404, 'policy_not_found'),
  {
    name: 'a malformed If-Match',
    method: 'DELETE',
    path: '/v1/secrets/input/a',
    headers: { 'if-match': '"3"' },
    status: 400,
    code: 'invalid_request',
  },
  {
    name: 'a malformed If-None-Match',
    path: '/v1/secrets/refuse/a',
    headers: { 'if-none-match': 'v1' },
    status: 400,
    code: 'invalid_request',
  },
  {
    name: 'a body where none is taken',
    method: 'DELETE',
    path: '/v1/secrets/input/a',
    body: '{}',
    headers: asJson,
    status: 400,
    code: 'invalid_request',
  },
];
