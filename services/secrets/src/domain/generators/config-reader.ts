import { fieldError, type VaultError } from '@scaivault/errors';
import type { ClaimName } from './name-claims.ts';
import { type UnsoundReason, unsoundConfig } from './unsound-config.ts';

/** Reads members of one config: 422 `validation_error` for a wrong shape, 400 `invalid_config` for an unsound value. */
export interface ConfigReader {
  has(member: string): boolean;
  /** False when absent. */
  flag(member: string): boolean;
  /** A whole number. */
  integer(member: string, rule: { readonly fallback: number; readonly least: number; readonly most: number }): number;
  /** One of the words or numbers; the first of them when absent. */
  choice<Choice extends string | number>(member: string, choices: readonly [Choice, ...Choice[]]): Choice;
  /** At most `most` characters that any store and any wire can hold. Without a fallback it must be there. */
  text(member: string, rule: { readonly fallback?: string; readonly most: number }): string;
  /** A further name to write under. */
  name(member: string, fallback: string): string;
  /** The refusal of what only the generator can judge. */
  unsound(member: string, reason: UnsoundReason, message: string): VaultError;
}

const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isInteger = (value: unknown): value is number => Number.isInteger(value);
const isText = (value: unknown): value is string => typeof value === 'string';

/** `field` is where the config stands in the request, e.g. `fields[0].config`. */
export const createConfigReader = (
  config: Readonly<Record<string, unknown>>,
  field: string,
  claimName: ClaimName,
): ConfigReader => {
  const at = (member: string): string => `${field}.${member}`;
  const unsound: ConfigReader['unsound'] = (member, reason, message) => unsoundConfig(at(member), reason, message);

  const read = <Value>(
    member: string,
    isOfType: (value: unknown) => value is Value,
    shape: string,
    fallback: Value | undefined,
  ): Value => {
    const value = config[member] === undefined ? fallback : config[member];
    if (value === undefined) throw fieldError(at(member), 'required', 'is required');
    if (!isOfType(value)) throw fieldError(at(member), 'type', `must be ${shape}`);
    return value;
  };

  return {
    unsound,
    has: (member) => config[member] !== undefined,
    flag: (member) => read(member, isBoolean, 'true or false', false),
    integer(member, { fallback, least, most }) {
      const value = read(member, isInteger, 'a whole number', fallback);
      if (value < least || value > most) throw unsound(member, 'range', `must be from ${least} to ${most}`);
      return value;
    },
    choice<Choice extends string | number>(member: string, choices: readonly [Choice, ...Choice[]]): Choice {
      const [first] = choices;
      const isOfType = (value: unknown): value is Choice => typeof value === typeof first;
      const value = read(member, isOfType, `a ${typeof first}`, first);
      if (!choices.includes(value)) throw unsound(member, 'enum', `must be one of ${choices.join(', ')}`);
      return value;
    },
    text(member, { fallback, most }) {
      const value = read(member, isText, 'a string', fallback);
      if ([...value].length > most) throw unsound(member, 'length', `must have at most ${most} characters`);
      if (!value.isWellFormed() || value.includes('\0')) {
        throw unsound(member, 'format', 'must be well-formed Unicode without null characters');
      }
      return value;
    },
    name: (member, fallback) => claimName(read(member, isText, 'a string', fallback), at(member)),
  };
};
