import { clearField, clone, type DescField, type DescMessage, getOption, type Message } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { json } from '@scaivault/contracts/options/v1/access';

type Erase = (message: Message) => void;
type Values = Readonly<Record<string, unknown>>;

const isShownOnce = (field: DescField): boolean => getOption(field, json).once;

const holdsSuch = (desc: DescMessage, seen: Set<DescMessage>): boolean => {
  if (seen.has(desc)) return false;
  seen.add(desc);
  return desc.fields.some(
    (field) => isShownOnce(field) || (field.message !== undefined && holdsSuch(field.message, seen)),
  );
};

const requirePresence = (field: DescField): void => {
  if (field.presence !== FeatureSet_FieldPresence.EXPLICIT)
    throw new Error(`${field.parent.typeName}.${field.name} is shown once and cannot be null: write it as optional.`);
};

const messagesIn = (field: DescField, value: unknown): readonly Message[] => {
  if (value === undefined) return [];
  if (field.fieldKind === 'list') return value as readonly Message[];
  return field.fieldKind === 'map' ? Object.values(value as Record<string, Message>) : [value as Message];
};

const compileErase = (desc: DescMessage, compiled: Map<DescMessage, Erase>): Erase => {
  const known = compiled.get(desc);
  if (known !== undefined) return known;
  const steps: Erase[] = [];
  const erase: Erase = (message) => {
    for (const step of steps) step(message);
  };
  compiled.set(desc, erase);
  for (const field of desc.fields) {
    if (isShownOnce(field)) {
      requirePresence(field);
      steps.push((message) => clearField(message, field));
    } else if (field.message !== undefined && holdsSuch(field.message, new Set())) {
      const eraseIn = compileErase(field.message, compiled);
      steps.push((message) => {
        for (const inner of messagesIn(field, (message as unknown as Values)[field.localName])) eraseIn(inner);
      });
    }
  }
  return erase;
};

/**
 * Compiles the copy of an answer that may be kept: what is shown only once (option `json.once`: private keys, generated
 * credentials) is null in it, at any depth (rest-api-core 1.6). Refuses fields that cannot be null.
 */
export const compileEraseOnceFields = (desc: DescMessage): ((answer: Message) => Message) => {
  if (!holdsSuch(desc, new Set())) return (answer) => answer;
  const erase = compileErase(desc, new Map());
  return (answer) => {
    const copy = clone(desc, answer);
    erase(copy);
    return copy;
  };
};
