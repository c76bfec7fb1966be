import { type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { json } from '@scaivault/contracts';
import { compileValueWriter, type ValueWriter } from './value-writer.ts';

interface MemberWriter {
  readonly property: string;
  /** `"name":` */
  readonly label: string;
  readonly write: ValueWriter;
  readonly omitsUnset: boolean;
}

type MessageWriter = (message: object) => string;

const compiled = new WeakMap<DescMessage, MessageWriter>();

const messageWriterOf = (field: DescField): ValueWriter => {
  if (field.message === undefined) throw new Error(`${field.name} is no message`);
  return compileMessageWriter(field.message);
};

const memberWriter = (field: DescField): MemberWriter => ({
  property: field.localName,
  label: `${JSON.stringify(field.name)}:`,
  write: compileValueWriter(field, messageWriterOf),
  omitsUnset: getOption(field, json).omitUnset,
});

/** Writer of a message as a JSON object, compiled once per type; recursive types find themselves. */
export const compileMessageWriter = (message: DescMessage): MessageWriter => {
  const known = compiled.get(message);
  if (known !== undefined) return known;
  const members: MemberWriter[] = [];
  const write: MessageWriter = (value) => {
    const properties = value as Readonly<Record<string, never>>;
    let text = '';
    for (const member of members) {
      const property = properties[member.property];
      if (property === undefined) {
        if (!member.omitsUnset) text += `${text === '' ? '{' : ','}${member.label}null`;
      } else {
        text += (text === '' ? '{' : ',') + member.label + member.write(property);
      }
    }
    return text === '' ? '{}' : `${text}}`;
  };
  compiled.set(message, write);
  members.push(...message.fields.map(memberWriter));
  return write;
};
