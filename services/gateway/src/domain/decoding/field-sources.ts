import { type DescField, type DescMethod, getOption, ScalarType } from '@bufbuild/protobuf';
import { json } from '@scaivault/contracts';
import type { HttpRule } from '../http-rule.ts';
import { parseTemplate } from '../routing/template.ts';
import { isNullsField } from './object-reader.ts';

export interface HeaderField {
  readonly field: DescField;
  /** Lower case. */
  readonly header: string;
}

/** Which part of an HTTP request fills which field of the request message; each field has one source. */
export interface FieldSources {
  readonly path: readonly DescField[];
  readonly query: readonly DescField[];
  readonly headers: readonly HeaderField[];
  /** Members of the JSON body. */
  readonly body: readonly DescField[];
  /** Takes the body unparsed. */
  readonly rawBody: DescField | undefined;
  /** Takes the names of the body's members that were null. */
  readonly nulls: DescField | undefined;
}

/** Parts the fields of a method's request by where they come from; throws when path and message do not fit. */
export const fieldSourcesOf = (method: DescMethod, rule: HttpRule): FieldSources => {
  const inPath = new Set(
    parseTemplate(rule.template).segments.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name])),
  );
  const refuse = (why: string): never => {
    throw new Error(`${method.parent.typeName}.${method.name}: ${why}`);
  };
  const path: DescField[] = [];
  const headers: HeaderField[] = [];
  const others: DescField[] = [];
  let rawBody: DescField | undefined;
  let nulls: DescField | undefined;
  for (const field of method.input.fields) {
    const look = getOption(field, json);
    if (inPath.has(field.name)) path.push(field);
    else if (look.header !== '') headers.push({ field, header: look.header.toLowerCase() });
    else if (look.body) rawBody = field;
    else if (isNullsField(field)) nulls = field;
    else others.push(field);
  }
  if (path.length !== inPath.size) refuse('the path names a field that the request does not have');
  for (const field of [...path, ...headers.map((entry) => entry.field)]) {
    if (field.fieldKind !== 'scalar' || field.scalar !== ScalarType.STRING) refuse(`${field.name} must be a string`);
  }
  if (rawBody !== undefined && (!rule.hasBody || others.length > 0))
    refuse('a raw body leaves no room for other fields');
  return {
    path,
    headers,
    rawBody,
    nulls,
    query: rule.hasBody ? [] : others,
    body: rule.hasBody && rawBody === undefined ? others : [],
  };
};
