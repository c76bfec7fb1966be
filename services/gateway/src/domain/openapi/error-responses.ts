import { type ErrorCode, type ErrorGroup, errorCatalogue, errorGroups, isErrorCode } from '@scaivault/errors';
import type { Header, Reference, Response, Schema } from './document.ts';

/** The body of every refusal (rest-api-core 1.9). */
export const errorSchema: Schema = {
  type: 'object',
  description: 'The body of every refusal. `code` is the contract; `message` is for people and may change.',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        details: { type: 'object', description: 'Facts that belong to the code.', additionalProperties: true },
        request_id: { type: 'string', description: 'Also in the header `X-Request-ID` and in the audit row.' },
      },
      required: ['code', 'message', 'request_id'],
    },
  },
  required: ['error'],
};

const isErrorGroup = (name: string): name is ErrorGroup => Object.hasOwn(errorGroups, name);

const codesOf = (name: string): readonly ErrorCode[] => {
  if (isErrorGroup(name)) return errorGroups[name];
  if (isErrorCode(name)) return [name];
  throw new Error(`${name} is neither an error code nor a group of them`);
};

const headersOf = (status: number): Readonly<Record<string, Header | Reference>> => ({
  'X-Request-ID': { $ref: '#/components/headers/RequestId' },
  ...(status === 401 ? { 'WWW-Authenticate': { $ref: '#/components/headers/WwwAuthenticate' } } : {}),
  ...(status === 429 || status === 503 ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } : {}),
});

const errorResponse = (status: number, codes: readonly ErrorCode[]): Response => ({
  description: codes.map((code) => `\`${code}\``).join(', '),
  headers: headersOf(status),
  content: {
    'application/json': {
      schema: {
        allOf: [
          { $ref: '#/components/schemas/Error' },
          { properties: { error: { properties: { code: { type: 'string', enum: codes } } } } },
        ],
      },
    },
  },
  'x-scaivault-codes': codes,
});

/** Responses for groups and codes of the catalogue, one for each HTTP status, in rising order of status. */
export const errorResponses = (names: readonly string[]): Readonly<Record<string, Response>> => {
  const codes = new Set(names.flatMap(codesOf));
  const byStatus = Map.groupBy(codes, (code) => errorCatalogue[code].http);
  const statuses = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(statuses.map(([status, some]) => [String(status), errorResponse(status, some)]));
};
