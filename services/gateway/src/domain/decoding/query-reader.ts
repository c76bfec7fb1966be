import { type DescField, getOption, ScalarType } from '@bufbuild/protobuf';
import { json } from '@scaivault/contracts';
import { VaultError } from '@scaivault/errors';
import { shownNameLength } from '../json/document.ts';
import { percentDecode } from '../routing/percent-decode.ts';
import { integerReaderOf } from './integer.ts';
import type { Target } from './object-reader.ts';
import type { Violations } from './violations.ts';

/** Fills the target from a raw query string (what follows the question mark). */
export type QueryReader = (query: string, target: Target, violations: Violations) => void;

type ParameterReader = (text: string, target: Target, violations: Violations) => void;

interface Parameter {
  readonly read: ParameterReader;
  readonly isRepeatable: boolean;
}

const refuse = (message: string, reason: string, parameter: string): VaultError =>
  new VaultError('invalid_request', message, { details: { reason, parameter: parameter.slice(0, shownNameLength) } });

const booleanReader =
  ({ name, localName }: DescField): ParameterReader =>
  (text, target) => {
    if (text !== 'true' && text !== 'false') {
      throw refuse(`The query parameter ${name} is true or false.`, 'invalid_boolean', name);
    }
    target[localName] = text === 'true';
  };

const plainInteger = /^-?\d{1,20}$/;

const integerReader = (field: DescField): ParameterReader => {
  const readInteger = integerReaderOf(field);
  if (readInteger === undefined) throw new Error(`${field.parent.typeName}.${field.name}: cannot come from a query`);
  return (text, target, violations) => {
    const value = plainInteger.test(text) ? readInteger(text) : 'type';
    if (value === 'type') violations.add(field.name, 'type', 'Must be an integer.');
    else if (value === 'range') violations.add(field.name, 'range', 'Is out of range.');
    else target[field.localName] = value;
  };
};

const listReader = (field: DescField): ParameterReader => {
  const splitsAtCommas = getOption(field, json).commaList;
  return (text, target) => {
    const items = target[field.localName] as string[];
    if (splitsAtCommas) items.push(...text.split(','));
    else items.push(text);
  };
};

const parameterOf = (field: DescField): Parameter => {
  const isRepeatable = field.fieldKind === 'list' && field.scalar === ScalarType.STRING;
  if (isRepeatable) return { read: listReader(field), isRepeatable };
  if (field.fieldKind !== 'scalar') {
    throw new Error(`${field.parent.typeName}.${field.name}: cannot come from a query`);
  }
  if (field.scalar === ScalarType.BOOL) return { read: booleanReader(field), isRepeatable };
  if (field.scalar !== ScalarType.STRING) return { read: integerReader(field), isRepeatable };
  const { localName } = field;
  return {
    read: (text, target) => {
      target[localName] = text;
    },
    isRepeatable,
  };
};

/** Decodes a part of a query, in which a plus sign stands for a space. */
const decodePart = (raw: string): string => {
  const text = percentDecode(raw.includes('+') ? raw.replaceAll('+', '%20') : raw);
  if (text === undefined) throw refuse('The query is not percent-encoded UTF-8.', 'malformed_query', raw);
  return text;
};

/**
 * Compiles the reader of a query (rest-api-core 1.1, 15). 400 `invalid_request` for parameters that are unknown,
 * repeated without being a list, or not decodable, and for bad booleans; bad integers are violations.
 */
export const compileQuery = (fields: readonly DescField[]): QueryReader => {
  const parameters = new Map(fields.map((field) => [field.name, parameterOf(field)]));
  return (query, target, violations) => {
    if (query === '') return;
    const seen = new Set<string>();
    for (const part of query.split('&')) {
      if (part === '') continue;
      const equals = part.indexOf('=');
      const name = decodePart(equals === -1 ? part : part.slice(0, equals));
      const parameter = parameters.get(name);
      if (parameter === undefined) throw refuse('The query has an unknown parameter.', 'unknown_parameter', name);
      if (seen.has(name) && !parameter.isRepeatable) {
        throw refuse(`The query parameter ${name} is given twice.`, 'repeated_parameter', name);
      }
      seen.add(name);
      parameter.read(equals === -1 ? '' : decodePart(part.slice(equals + 1)), target, violations);
    }
  };
};
