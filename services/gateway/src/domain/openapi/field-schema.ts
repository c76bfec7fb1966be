import { type DescField, getOption, hasOption, ScalarType } from '@bufbuild/protobuf';
import { Format, type Rules, rules } from '@scaivault/contracts';
import { given } from './doc-text.ts';
import type { Schema } from './document.ts';

const segments = '[a-z0-9_-]+(/[a-z0-9_-]+)';

const formatSchemas: ReadonlyMap<Format, Schema> = new Map([
  [Format.SECRET_PATH, { pattern: `^${segments}{0,9}$`, maxLength: 512 }],
  // Below `partner/` lies a path of full length.
  [Format.POLICY_PATH, { pattern: `^${segments}{0,10}$`, maxLength: 520 }],
  [Format.PATH_PREFIX, { pattern: `^${segments}{0,10}/?$`, maxLength: 521 }],
  [Format.DURATION, { pattern: '^(\\d+w)?(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?$', minLength: 2 }],
  [Format.TIMESTAMP, { format: 'date-time' }],
  [Format.IP, { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }],
  [Format.FOREIGN_ID, { minLength: 1, maxLength: 128 }],
]);

const stringSchema = (rule: Rules | undefined): Schema => {
  if (rule === undefined) return { type: 'string' };
  return {
    type: 'string',
    ...formatSchemas.get(rule.format),
    ...(rule.oneOf.length > 0 ? { enum: rule.oneOf } : {}),
    ...(rule.minLength > 0 ? { minLength: rule.minLength } : {}),
    ...(rule.maxLength > 0 ? { maxLength: rule.maxLength } : {}),
    ...(rule.idPrefix === '' ? {} : { pattern: `^${rule.idPrefix}_[0-9A-HJKMNP-TV-Z]{26}$` }),
  };
};

const longScalars: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
]);

const numberOf = (bound: bigint | undefined): number | undefined => (bound === undefined ? undefined : Number(bound));

/** Schema of a scalar field's single value, with the bounds that the contract sets. */
export const scalarSchema = (field: DescField, scalar: ScalarType): Schema => {
  const rule = hasOption(field, rules) ? getOption(field, rules) : undefined;
  if (scalar === ScalarType.STRING) return stringSchema(rule);
  if (scalar === ScalarType.BOOL) return { type: 'boolean' };
  if (scalar === ScalarType.BYTES) return { type: 'string', format: 'byte' };
  if (scalar === ScalarType.DOUBLE) return { type: 'number', format: 'double' };
  return {
    type: 'integer',
    format: longScalars.has(scalar) ? 'int64' : 'int32',
    ...given('minimum', numberOf(rule?.min)),
    ...given('maximum', numberOf(rule?.max)),
  };
};

/** A list of what `items` describes, with the contract's bounds on its length. */
export const listSchema = (field: DescField, items: Schema): Schema => {
  const { minItems, maxItems } = getOption(field, rules);
  return {
    type: 'array',
    items,
    ...(minItems > 0 ? { minItems } : {}),
    ...(maxItems > 0 ? { maxItems } : {}),
  };
};

/** The same values and null. */
export const nullable = (schema: Schema): Schema => {
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    type: [schema.type, 'null'],
    ...given('enum', schema.enum && [...schema.enum, null]),
    // A format by choice has no say over null.
    ...given('anyOf', schema.anyOf && [...schema.anyOf, { type: 'null' }]),
  };
};
