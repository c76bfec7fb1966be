import { type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { json, rules } from '@scaivault/contracts';
import { isNullsField } from '../decoding/object-reader.ts';
import { docTextOf, given } from './doc-text.ts';
import type { Schema } from './document.ts';
import { listSchema, nullable, scalarSchema } from './field-schema.ts';

/**
 * `request`: sent by clients, unknown members refused. `response`: every member is present. `document`: what a client
 * writes and reads back (metadata, rules, and whatever stands both in requests and in answers).
 */
export type SchemaUse = 'request' | 'response' | 'document';

export interface MessageSchemas {
  /** Everything that was referred to, by the message's short name. */
  readonly schemas: Readonly<Record<string, Schema>>;
  /** Reference to a message's schema, which is added when it is new; `body` narrows a request to the fields of its body. */
  refer(message: DescMessage, use: SchemaUse, body?: readonly DescField[]): Schema;
  /** Schema of one field, for a parameter or a member. */
  fieldSchema(field: DescField, use: SchemaUse): Schema;
}

const timestamp: Schema = { type: 'string', format: 'date-time' };
const anyObject: Schema = { type: 'object', additionalProperties: true };

const isUnsettable = (field: DescField): boolean =>
  field.presence === FeatureSet_FieldPresence.EXPLICIT && (field.fieldKind !== 'message' || field.proto.proto3Optional);

/** Members that a reader can count on, or that a writer must give. */
const requiredNames = (fields: readonly DescField[], use: SchemaUse): string[] =>
  fields
    .filter((field) => (use === 'response' ? !getOption(field, json).omitUnset : getOption(field, rules).required))
    .map((field) => field.name);

/** Collects component schemas for the messages of answers and bodies; `messageNamed` finds documenting messages. */
export const createMessageSchemas = (messageNamed: (typeName: string) => DescMessage | undefined): MessageSchemas => {
  const schemas: Record<string, Schema> = {};
  const added = new Map<string, { readonly message: DescMessage; readonly use: SchemaUse }>();

  const rawSchema = (field: DescField): Schema => {
    const { documentedBy, documentedList } = getOption(field, json);
    if (documentedBy === '') return documentedList ? listSchema(field, { type: 'string' }) : anyObject;
    const message = messageNamed(documentedBy);
    if (message === undefined) throw new Error(`${field.parent.typeName}.${field.name}: no message ${documentedBy}`);
    const schema = refer(message, 'document');
    return documentedList ? listSchema(field, schema) : schema;
  };

  const singleSchema = (field: DescField, use: SchemaUse): Schema => {
    if (getOption(field, json).raw) return rawSchema(field);
    if (field.message?.typeName === TimestampSchema.typeName) return timestamp;
    if (field.message !== undefined) return refer(field.message, use);
    if (field.scalar === undefined) throw new Error(`${field.parent.typeName}.${field.name} has no form in OpenAPI`);
    return scalarSchema(field, field.scalar);
  };

  const fieldSchema = (field: DescField, use: SchemaUse): Schema => {
    const single = singleSchema(field, use);
    if (field.fieldKind === 'map') return { type: 'object', additionalProperties: single };
    return field.fieldKind === 'list' ? listSchema(field, single) : single;
  };

  const memberSchema = (field: DescField, use: SchemaUse): Schema => {
    const schema = fieldSchema(field, use);
    const mayBeNull = isUnsettable(field) && !(use === 'response' && getOption(field, json).omitUnset);
    return { ...(mayBeNull ? nullable(schema) : schema), ...given('description', docTextOf(field)) };
  };

  const objectSchema = (message: DescMessage, use: SchemaUse, fields: readonly DescField[]): Schema => {
    const required = requiredNames(fields, use);
    return {
      type: 'object',
      ...given('description', docTextOf(message)),
      properties: Object.fromEntries(fields.map((field) => [field.name, memberSchema(field, use)])),
      ...(required.length > 0 ? { required } : {}),
      ...(use === 'request' ? { additionalProperties: false } : {}),
    };
  };

  const add = (message: DescMessage, use: SchemaUse, body?: readonly DescField[]): void => {
    added.set(message.name, { message, use });
    schemas[message.name] = objectSchema(message, use, body ?? message.fields.filter((field) => !isNullsField(field)));
  };

  const refer = (message: DescMessage, use: SchemaUse, body?: readonly DescField[]): Schema => {
    const known = added.get(message.name);
    if (known === undefined) add(message, use, body);
    else if (known.message !== message)
      throw new Error(`${known.message.typeName} and ${message.typeName} would share a name in OpenAPI`);
    else if (known.use !== use && known.use !== 'document') add(message, 'document');
    return { $ref: `#/components/schemas/${message.name}` };
  };
  return { schemas, refer, fieldSchema };
};
