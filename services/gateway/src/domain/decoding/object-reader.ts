import { create, type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { json } from '@scaivault/contracts';
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

/** Passes over an object and shows each member with the cursor at its value, which must be moved past. */
type Scan = (onMember: (cursor: Cursor, name: string) => void) => void;

/** Reads the members of one object into the target; `parentPath` stands in front of their names in violations. */
export type MembersReader = (scan: Scan, parentPath: string, target: Target, violations: Violations) => void;

const memberReader = (field: DescField): MemberReader => ({
  property: field.localName,
  read: compileValueReader(field, compileMessageReader),
  takesNull: field.presence !== FeatureSet_FieldPresence.IMPLICIT,
});

/**
 * Compiles the reader of an object's members. A name outside `fields` breaks the rule `unknown` (rest-api-core 1.1); the
 * field `nulls` gets the names of the members that were null, where null and absence differ (RFC 7396).
 */
export const compileMembers = (fields: readonly DescField[], nulls: DescField | undefined): MembersReader => {
  const members = new Map(fields.map((field) => [field.name, memberReader(field)]));
  return (scan, parentPath, target, violations) => {
    const nullNames: string[] = [];
    scan((cursor, name) => {
      const path = parentPath + (name.length > shownNameLength ? name.slice(0, shownNameLength) : name);
      const member = members.get(name);
      if (member === undefined) {
        violations.add(path, 'unknown', 'Is not a field of this request.');
        skipValue(cursor);
      } else if (member.takesNull && kindAt(cursor) === 'null') {
        scanWord(cursor, 'null');
        nullNames.push(name);
      } else {
        const value = member.read(cursor, path, violations);
        if (value !== undefined) target[member.property] = value;
      }
    });
    if (nulls !== undefined) target[nulls.localName] = nullNames;
  };
};

/** The field that takes the names of the members that were null; no client can fill it by its own name. */
export const isNullsField = (field: DescField): boolean => getOption(field, json).nulls;

const compiled = new WeakMap<DescMessage, ValueReader>();

/** Reader of a nested message, compiled once per type; recursive types find themselves. */
const compileMessageReader = (message: DescMessage): ValueReader => {
  const known = compiled.get(message);
  if (known !== undefined) return known;
  let readMembers: MembersReader | undefined;
  const read: ValueReader = (cursor, path, violations) => {
    if (kindAt(cursor) !== 'object') {
      skipValue(cursor);
      violations.add(path, 'type', 'Must be an object.');
      return undefined;
    }
    readMembers ??= compileMembers(
      message.fields.filter((field) => !isNullsField(field)),
      message.fields.find(isNullsField),
    );
    const target: Target = create(message);
    const scan: Scan = (onMember) => scanObject(cursor, (name) => onMember(cursor, name));
    readMembers(scan, `${path}.`, target, violations);
    return target;
  };
  compiled.set(message, read);
  return read;
};
