import type { OpenApiDocument, Schema } from '../openapi/document.ts';

const schemaPrefix = '#/components/schemas/';

/** The schema itself, behind a reference or a choice between something and null. */
export const resolveSchema = (document: OpenApiDocument, schema: Schema): Schema => {
  const choice = schema.anyOf?.find((each) => each.$ref !== undefined);
  const reference = schema.$ref ?? choice?.$ref;
  if (reference === undefined) return schema;
  return document.components.schemas[reference.slice(schemaPrefix.length)] ?? schema;
};

const typesOf = (schema: Schema): readonly string[] =>
  schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : schema.type;

/** Schema of the values of an object that has a member for each of any number of keys. */
export const mapValueOf = ({ additionalProperties }: Schema): Schema | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;

/** `string`, `list of objects`, `map of objects`, `integer or null`. */
export const typeText = (document: OpenApiDocument, schema: Schema): string => {
  const resolved = resolveSchema(document, schema);
  const types = typesOf(resolved);
  const isNullable = types.includes('null') || schema.anyOf?.some((each) => each.type === 'null') === true;
  const named = types.filter((type) => type !== 'null').map((type) => (type === 'array' ? 'list' : type));
  const mapValue = mapValueOf(resolved);
  const inside = resolved.items ?? mapValue;
  const items = inside === undefined ? '' : ` of ${typeText(document, inside)}s`;
  const base = resolved.format === 'date-time' ? 'timestamp' : mapValue !== undefined ? 'map' : (named[0] ?? 'text');
  return `${base}${items}${isNullable ? ' or null' : ''}`;
};

const span = (min: number | undefined, max: number | undefined, unit: string): string | undefined => {
  if (min === undefined && max === undefined) return undefined;
  if (min === undefined) return `at most ${max}${unit}`;
  if (max === undefined) return `at least ${min}${unit}`;
  return `${min} to ${max}${unit}`;
};

/** Bounds of a value in words; backticks set off code. */
export const boundsText = (schema: Schema): string => {
  const values = schema.enum?.filter((value) => value !== null).map((value) => `\`${value}\``);
  const parts = [
    values === undefined ? undefined : `one of ${values.join(', ')}`,
    span(schema.minimum, schema.maximum, ''),
    span(schema.minLength, schema.maxLength, ' characters'),
    span(schema.minItems, schema.maxItems, ' items'),
    schema.items === undefined ? undefined : boundsText(schema.items),
  ];
  return parts.filter((part) => part !== undefined && part !== '').join('; ');
};

export interface FieldRow {
  /** Dotted, with `[]` behind lists and `{}` behind maps: `rules[].effect`, `secrets{}.version`. */
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly bounds: string;
  readonly description: string | undefined;
}

const maxRowDepth = 4;

/** One row per member of an object, nested members behind their parents. */
export const fieldRows = (document: OpenApiDocument, schema: Schema, prefix = '', depth = 0): FieldRow[] => {
  const object = resolveSchema(document, schema);
  return Object.entries(object.properties ?? {}).flatMap(([name, member]) => {
    const resolved = resolveSchema(document, member);
    const mapValue = mapValueOf(resolved);
    const nested = resolveSchema(document, resolved.items ?? mapValue ?? resolved);
    const mark = resolved.items !== undefined ? '[]' : mapValue !== undefined ? '{}' : '';
    const path = `${prefix}${name}`;
    const row: FieldRow = {
      name: path,
      type: typeText(document, member),
      isRequired: object.required?.includes(name) === true,
      bounds: boundsText(resolved),
      description: member.description ?? resolved.description,
    };
    if (depth >= maxRowDepth) return [row];
    return [row, ...fieldRows(document, nested, `${path}${mark}.`, depth + 1)];
  });
};
