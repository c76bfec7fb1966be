import { isVaultError } from '@scaivault/errors';
import { inside, type Place, readObject, unsound } from '../place.ts';
import type { Condition, ReadCondition } from './condition.ts';
import { readIdentityTypes } from './identity-types.ts';
import { readIpRanges } from './ip-ranges.ts';
import { readRequireMfa } from './require-mfa.ts';
import { readTimeWindow } from './time-window.ts';
import { readTokenMaxAge } from './token-max-age.ts';

/** In the order they are tried; the second factor comes last, so that it is asked for only when it would help. */
const readers: readonly (readonly [name: string, read: ReadCondition])[] = [
  ['ip_ranges', readIpRanges],
  ['identity_types', readIdentityTypes],
  ['time_window', readTimeWindow],
  ['token_max_age', readTokenMaxAge],
];
const knownNames: ReadonlySet<string> = new Set([...readers.map(([name]) => name), 'require_mfa', 'mfa_max_age']);

const findUnknownName = (conditions: Readonly<Record<string, unknown>>): string | undefined =>
  Object.keys(conditions).find((name) => !knownNames.has(name));

/** The conditions of a rule a client sends (rest-api-core 6.3), in the order they are tried; 422 or 400 when unsound. */
export const readConditions = (value: unknown, place: Place): readonly Condition[] => {
  const conditions = readObject(value, place);
  const unknown = findUnknownName(conditions);
  if (unknown !== undefined) throw unsound(inside(place, unknown.slice(0, 64)), 'is not a condition');
  const mfa = readRequireMfa(conditions, place);
  return [
    ...readers.flatMap(([name, read]) =>
      conditions[name] === undefined ? [] : [read(conditions[name], inside(place, name))],
    ),
    ...(mfa === undefined ? [] : [mfa]),
  ];
};

/** Conditions ready to be tried, or the name of one that this version cannot read. */
export type StoredConditions = readonly Condition[] | { readonly unreadable: string };

const none: readonly Condition[] = [];

/**
 * The conditions of a stored rule, or the name of one that this version cannot read: a newer version may have written
 * it, and what cannot be read must neither allow anything nor lift a denial (rest-api-core 6.3).
 */
export const readStoredConditions = (value: unknown): StoredConditions => {
  if (value === null || value === undefined) return none;
  const place: Place = { ruleIndex: 0, field: 'conditions' };
  try {
    return readConditions(value, place);
  } catch (error) {
    if (!isVaultError(error)) throw error;
    const unknown = typeof value === 'object' ? findUnknownName(value as Record<string, unknown>) : undefined;
    return { unreadable: unknown ?? 'conditions' };
  }
};

/** Reads equal conditions once and hands out the same list for them; for one bundle, since it keeps what it has read. */
export const createConditionsReader = (): ((value: unknown) => StoredConditions) => {
  const known = new Map<string, StoredConditions>();
  return (value) => {
    if (value === null || value === undefined) return none;
    const text = JSON.stringify(value);
    const read = known.get(text) ?? readStoredConditions(value);
    known.set(text, read);
    return read;
  };
};
