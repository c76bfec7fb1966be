import { create, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { Cursor } from '../json/cursor.ts';
import { shownNameLength } from '../json/document.ts';
import { kindAt, scanObject, scanWord, skipValue } from '../json/scan.ts';
import { compileValueReader, type ValueReader } from './value-reader.ts';
import type { Violations } from './violations.ts';

/** A message under construction, by generated property names. */
export type Target = Record<string, unknown>;

interface MemberReader {
  readonly property: string;
  readonly read: ValueReader;
  /** Null stands for "not given", as it can where absence is visible. */
  readonly takesNull: boolean;
}

/** Reads one member into the target; says whether it was null. */
export type MembersReader = (
  cursor: Cursor,
  name: string,
  parentPath: string,
  target: Target,
  violations: Violations,
) => 'null' | 'value';

const memberReader = (field: DescField): MemberReader => ({
  property: field.localName,
  read: compileValueReader(field, compileMessageReader),
  takesNull: field.presence !== FeatureSet_FieldPresence.IMPLICIT,
});

/** Compiles the reader of an object's members; a name outside `fields` breaks the rule `unknown` (rest-api-core 1.1). */
export const compileMembers = (fields: readonly DescField[]): MembersReader => {
  const members = new Map(fields.map((field) => [field.name, memberReader(field)]));
  return (cursor, name, parentPath, target, violations) => {
    const path = parentPath + (name.length > shownNameLength ? name.slice(0, shownNameLength) : name);
    const member = members.get(name);
    if (member === undefined) {
      violations.add(path, 'unknown', 'Is not a field of this request.');
      skipValue(cursor);
      return 'value';
    }
    if (member.takesNull && kindAt(cursor) === 'null') {
      scanWord(cursor, 'null');
      return 'null';
    }
    const value = member.read(cursor, path, violations);
    if (value !== undefined) target[member.property] = value;
    return 'value';
  };
};

const compiled = new WeakMap<DescMessage, ValueReader>();

/** Reader of a nested message, compiled once per type; recursive types find themselves. */
const compileMessageReader = (message: DescMessage): ValueReader => {
  const known = compiled.get(message);
  if (known !== undefined) return known;
  let readMember: MembersReader | undefined;
  const read: ValueReader = (cursor, path, violations) => {
    if (kindAt(cursor) !== 'object') {
      skipValue(cursor);
      violations.add(path, 'type', 'Must be an object.');
      return undefined;
    }
    readMember ??= compileMembers(message.fields);
    const readOne = readMember;
    const target: Target = create(message);
    scanObject(cursor, (name) => {
      readOne(cursor, name, `${path}.`, target, violations);
    });
    return target;
  };
  compiled.set(message, read);
  return read;
};
