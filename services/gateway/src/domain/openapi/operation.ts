import { type DescField, getOption } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import {
  type Access,
  type Answers,
  Audience,
  access,
  answers,
  intake,
  json,
  PermissionSchema,
  rules,
  surface,
} from '@scaivault/contracts';
import { type FieldSources, fieldSourcesOf } from '../decoding/field-sources.ts';
import type { Route } from '../route-table.ts';
import { docTextOf, given, splitSummary } from './doc-text.ts';
import type { Header, Operation, Parameter, Reference, Response } from './document.ts';
import { errorResponses } from './error-responses.ts';
import type { MessageSchemas } from './message-schemas.ts';
import type { sharedParameters } from './shared-components.ts';

const pathNote = 'May hold slashes, written as they are or as `%2F`.';

const pathParameter = (field: DescField, route: Route, schemas: MessageSchemas): Parameter => {
  const isGreedy = route.template.includes(`{${field.name}=**}`);
  const text = [docTextOf(field), isGreedy ? pathNote : undefined].filter((part) => part !== undefined).join(' ');
  return {
    name: field.name,
    in: 'path',
    required: true,
    ...given('description', text === '' ? undefined : text),
    schema: schemas.fieldSchema(field, 'request'),
  };
};

const queryParameter = (field: DescField, schemas: MessageSchemas): Parameter => ({
  name: field.name,
  in: 'query',
  required: getOption(field, rules).required,
  ...given('description', docTextOf(field)),
  schema: schemas.fieldSchema(field, 'request'),
  ...(field.fieldKind === 'list' ? { style: 'form', explode: !getOption(field, json).commaList } : {}),
});

const ownSpelling: Readonly<Record<string, string>> = { id: 'ID', scaikey: 'ScaiKey' };

/** `if-none-match` as people write it. */
const headerName = (name: string): string =>
  name
    .split('-')
    .map((word) => ownSpelling[word] ?? word.charAt(0).toUpperCase() + word.slice(1))
    .join('-');

const sharedParameter = (name: keyof typeof sharedParameters, isTaken: boolean): Reference[] =>
  isTaken ? [{ $ref: `#/components/parameters/${name}` }] : [];

const parametersOf = (
  route: Route,
  sources: FieldSources,
  schemas: MessageSchemas,
  isPublic: boolean,
): (Parameter | Reference)[] => [
  ...sources.path.map((field) => pathParameter(field, route, schemas)),
  ...sources.query.map((field) => queryParameter(field, schemas)),
  ...sources.headers.map(
    ({ field, header }): Parameter => ({
      name: headerName(header),
      in: 'header',
      required: getOption(field, rules).required,
      ...given('description', docTextOf(field)),
      schema: schemas.fieldSchema(field, 'request'),
    }),
  ),
  ...sharedParameter('IdempotencyKey', getOption(route.method, answers).idempotent),
  ...sharedParameter('TenantId', !isPublic),
  ...sharedParameter('PartnerId', route.namesPartner),
];

const requestBodyOf = (
  route: Route,
  sources: FieldSources,
  schemas: MessageSchemas,
): Operation['requestBody'] | undefined => {
  if (sources.rawBody !== undefined) {
    const schema = { type: 'object', additionalProperties: true };
    return { required: true, content: { 'application/json': { schema } } };
  }
  if (sources.body.length === 0) return undefined;
  const schema = schemas.refer(route.method.input, 'request', sources.body);
  const form = getOption(route.method, intake).form ? { 'application/x-www-form-urlencoded': { schema } } : {};
  return { required: true, content: { 'application/json': { schema }, ...form } };
};

const statusTexts: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; not finished yet.',
  204: 'Done; there is no body.',
  304: 'Unchanged since the given tag; there is no body.',
};

const successHeaders = (status: number, asked: Access, answer: Answers): Record<string, Header | Reference> => ({
  'X-Request-ID': { $ref: '#/components/headers/RequestId' },
  ...(answer.etag ? { ETag: { $ref: '#/components/headers/ETag' } } : {}),
  ...(answer.idempotent ? { 'Idempotency-Replayed': { $ref: '#/components/headers/IdempotencyReplayed' } } : {}),
  ...(status === 201 || status === 202 ? { Location: { $ref: '#/components/headers/Location' } } : {}),
  ...(asked.rate === ''
    ? {}
    : {
        'X-RateLimit-Limit': { $ref: '#/components/headers/RateLimitLimit' },
        'X-RateLimit-Remaining': { $ref: '#/components/headers/RateLimitRemaining' },
        'X-RateLimit-Reset': { $ref: '#/components/headers/RateLimitReset' },
      }),
});

const successResponses = (route: Route, asked: Access, schemas: MessageSchemas): Record<string, Response> => {
  const answer = getOption(route.method, answers);
  const { output } = route.method;
  return Object.fromEntries(
    answer.status.map((status): [string, Response] => {
      const hasBody = status !== 204 && status !== 304 && output.typeName !== EmptySchema.typeName;
      return [
        String(status),
        {
          description: statusTexts[status] ?? 'Done.',
          headers: successHeaders(status, asked, answer),
          ...(hasBody ? { content: { 'application/json': { schema: schemas.refer(output, 'response') } } } : {}),
        },
      ];
    }),
  );
};

/** `read @ {path}`; undefined when the scope decides alone. */
const permissionText = ({ permission, path, eachRow }: Access): string | undefined => {
  const name = PermissionSchema.value[permission]?.localName.toLowerCase();
  if (permission === 0 || name === undefined) return undefined;
  return `${name} @ ${eachRow ? 'each row' : path}`;
};

/** Groups and codes of a call's refusals: those of every call with a token, those of its devices, its own. */
const errorNames = (isPublic: boolean, { errors, idempotent }: Answers): string[] => [
  ...(isPublic ? [] : ['A']),
  ...(idempotent ? ['I'] : []),
  ...errors,
];

/** The action of the audit row; where only an answer with content leaves one, that too. */
const auditText = ({ audit, auditUnlessEmpty }: Access): string =>
  auditUnlessEmpty === '' ? audit : `${audit} unless ${auditUnlessEmpty} is empty`;

const textOrNothing = (text: string): string | undefined => (text === '' ? undefined : text);

/** The OpenAPI operation of a route, from its method's options and comments. */
export const operationOf = (route: Route, schemas: MessageSchemas): Operation => {
  const { method } = route;
  const asked = getOption(method, access);
  const isPublic = asked.audience === Audience.PUBLIC;
  const sources = fieldSourcesOf(method, route);
  const { summary, rest } = splitSummary(docTextOf(method) ?? method.name);
  const parameters = parametersOf(route, sources, schemas, isPublic);
  return {
    operationId: method.localName,
    tags: [getOption(route.service, surface).title],
    summary,
    ...given('description', rest),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...given('requestBody', requestBodyOf(route, sources, schemas)),
    responses: {
      ...successResponses(route, asked, schemas),
      ...errorResponses(errorNames(isPublic, getOption(method, answers))),
    },
    ...(isPublic ? { security: [] } : {}),
    ...given('x-scaivault-scope', textOrNothing(asked.scope)),
    ...given('x-scaivault-permission', permissionText(asked)),
    ...given('x-scaivault-rate', textOrNothing(asked.rate)),
    ...given('x-scaivault-audit', textOrNothing(auditText(asked))),
    ...(route.tenantPrefix ? { 'x-scaivault-tenant-prefix': true } : {}),
    ...(route.partnerPrefix ? { 'x-scaivault-partner-prefix': true } : {}),
  };
};
