import type { OpenApiDocument, Operation, Parameter, Reference, Schema } from '../openapi/document.ts';
import { mapValueOf, resolveSchema } from './schema-text.ts';

/** Words that make an example speak, by field name. */
const wordsByName: Readonly<Record<string, unknown>> = {
  path: 'app/prod/db',
  data: { username: 'app', password: '…' },
  name: 'app-readers',
  path_pattern: 'app/**',
  permissions: ['read', 'list'],
  effect: 'allow',
  identity_id: 'user:ada@example.com',
  identity_type: 'user',
  metadata: { owner: 'team-payments' },
  secret_type: 'kv',
  scope: 'tenant',
  has_more: false,
  version: 3,
  paths: ['app/prod/db', 'app/prod/cache'],
  generator: 'random',
  config: { length: 32 },
  samples: [{ password: '…' }],
  entropy_bits: { password: 190.5 },
};

/** What the maps of our answers are keyed by. */
const mapKey = 'app/prod/db';

const idPattern = /^\^([a-z]+)_/;

const stringExample = (schema: Schema): string => {
  const prefix = idPattern.exec(schema.pattern ?? '')?.[1];
  if (prefix !== undefined) return `${prefix}_01J9ZC3V7M8Q2T5W6X0Y1A2B3C`;
  if (schema.format === 'date-time') return '2026-12-31T23:59:59Z';
  return '…';
};

const valueExample = (document: OpenApiDocument, name: string, schema: Schema): unknown => {
  if (Object.hasOwn(wordsByName, name)) return wordsByName[name];
  const resolved = resolveSchema(document, schema);
  if (resolved.enum !== undefined) return resolved.enum[0];
  if (resolved.items !== undefined) return [valueExample(document, '', resolved.items)];
  if (resolved.properties !== undefined) return objectExample(document, resolved);
  const type = typeof resolved.type === 'string' ? resolved.type : resolved.type?.[0];
  if (type === 'integer') return resolved.minimum ?? 1;
  if (type === 'boolean') return true;
  if (type === 'object') return {};
  return stringExample(resolved);
};

/** The members that a call needs, or a telling one where it needs none. */
const objectExample = (document: OpenApiDocument, schema: Schema): Record<string, unknown> => {
  const members = Object.entries(schema.properties ?? {});
  const telling = members.filter(([name]) => schema.required?.includes(name) === true || name === 'rules');
  const shown = telling.length > 0 ? telling : members.slice(0, 1);
  return Object.fromEntries(shown.map(([name, member]) => [name, valueExample(document, name, member)]));
};

const isNullable = (schema: Schema): boolean =>
  (Array.isArray(schema.type) && schema.type.includes('null')) ||
  schema.anyOf?.some(({ type }) => type === 'null') === true;

/** An answer with every member; those that can be null are, which shows that they are there all the same. */
const wholeExample = (document: OpenApiDocument, schema: Schema): unknown => {
  const resolved = resolveSchema(document, schema);
  const members = Object.entries(resolved.properties ?? {});
  return Object.fromEntries(
    members.map(([name, member]) => {
      if (Object.hasOwn(wordsByName, name)) return [name, wordsByName[name]];
      if (isNullable(member)) return [name, null];
      const whole = resolveSchema(document, member);
      if (whole.const !== undefined) return [name, whole.const];
      const { items } = whole;
      if (items !== undefined && resolveSchema(document, items).properties !== undefined) {
        return [name, [wholeExample(document, items)]];
      }
      const mapValue = mapValueOf(whole);
      if (mapValue !== undefined) return [name, { [mapKey]: wholeExample(document, mapValue) }];
      return [name, valueExample(document, name, member)];
    }),
  );
};

/** JSON text of a usual answer; undefined for calls that answer without a body, or with one of free form. */
export const answerExample = (document: OpenApiDocument, operation: Operation): string | undefined => {
  const schema = Object.values(operation.responses)[0]?.content?.['application/json']?.schema;
  if (schema === undefined || resolveSchema(document, schema).properties === undefined) return undefined;
  return JSON.stringify(wholeExample(document, schema), undefined, 2);
};

const isParameter = (parameter: Parameter | Reference): parameter is Parameter => 'schema' in parameter;

const pathExample = (document: OpenApiDocument, path: string, operation: Operation): string =>
  (operation.parameters ?? []).filter(isParameter).reduce((text, { name, schema }) => {
    return text.replace(`{${name}}`, String(valueExample(document, name, schema)));
  }, path);

/** A command line that makes the call. */
export const curlExample = (document: OpenApiDocument, method: string, path: string, operation: Operation): string => {
  const isPublic = operation.security?.length === 0;
  const verb = method === 'get' ? '' : ` -X ${method.toUpperCase()}`;
  const lines = [`curl${verb} "$SCAIVAULT_URL${pathExample(document, path, operation)}"`];
  if (!isPublic) lines.push('-H "Authorization: Bearer $TOKEN"');
  const body = operation.requestBody?.content['application/json']?.schema;
  if (body !== undefined) {
    const value = objectExample(document, resolveSchema(document, body));
    lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(value, undefined, 2)}'`);
  }
  return lines.join(' \\\n  ');
};
