import { fieldError, VaultError } from '@scaivault/errors';

/** Where in the caller's rules a value stands, for refusals. */
export interface Place {
  readonly ruleIndex: number;
  /** As the client wrote it, e.g. `rules[0].conditions.ip_ranges`. */
  readonly field: string;
}

export const inside = (place: Place, step: string | number): Place => ({
  ruleIndex: place.ruleIndex,
  field: typeof step === 'number' ? `${place.field}[${step}]` : `${place.field}.${step}`,
});

/** 400 `invalid_policy`: the shape is right, the meaning is not (rest-api-core 1.10). */
export const unsound = ({ ruleIndex, field }: Place, message: string): VaultError =>
  new VaultError('invalid_policy', `${field} ${message}`, { details: { rule_index: ruleIndex, field } });

/** A JSON object; 422 `validation_error` otherwise. */
export const readObject = (value: unknown, { field }: Place): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fieldError(field, 'type', 'must be an object');
  }
  return value as Record<string, unknown>;
};

/** A string; 422 `validation_error` otherwise. */
export const readText = (value: unknown, { field }: Place): string => {
  if (value === undefined) throw fieldError(field, 'required', 'is required');
  if (typeof value !== 'string') throw fieldError(field, 'type', 'must be a string');
  return value;
};

/** One of a closed list of words; 422 `validation_error` otherwise. */
export const readWord = <Word extends string>(value: unknown, words: readonly Word[], place: Place): Word => {
  const text = readText(value, place);
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw fieldError(place.field, 'enum', `must be one of ${words.join(', ')}`);
  return word;
};

/** A list of 1 to `most` entries; 422 `validation_error` otherwise. */
export const readList = (value: unknown, most: number, { field }: { readonly field: string }): readonly unknown[] => {
  if (value === undefined) throw fieldError(field, 'required', 'is required');
  if (!Array.isArray(value)) throw fieldError(field, 'type', 'must be a list');
  if (value.length < 1 || value.length > most) throw fieldError(field, 'length', `must have 1 to ${most} entries`);
  return value;
};

/** 422 `validation_error` for a field that nobody knows, since a misspelt option must not pass unnoticed. */
export const refuseUnknownFields = (
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  place: Place,
): void => {
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) throw fieldError(inside(place, unknown.slice(0, 64)).field, 'unknown', 'is not known');
};
