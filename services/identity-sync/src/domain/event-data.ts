import { unsound } from './unsound.ts';

/** `data` of an event: what ScaiKey says of the thing, not yet checked. */
export type EventData = Readonly<Record<string, unknown>>;

const mostRoles = 64;
const longestRole = 128;

const isPlain = (text: string, maxLength: number): boolean =>
  text.length <= maxLength && text.isWellFormed() && !/\p{Cc}/u.test(text);

/** A text of that many characters at most, null for null and for an empty one, undefined when the event lacks it. */
export const textOf = (data: EventData, field: string, maxLength: number): string | null | undefined => {
  const value = data[field];
  if (value === undefined) return undefined;
  if (value === null || value === '') return null;
  if (typeof value !== 'string' || !isPlain(value, maxLength)) throw unsound(`data.${field}`, 'has no usable form');
  return value;
};

/** True or false, undefined when the event lacks it or leaves it open. */
export const flagOf = (data: EventData, field: string): boolean | undefined => {
  const value = data[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw unsound(`data.${field}`, 'is neither true nor false');
  return value;
};

/** A list of roles, or one role as a text. */
export const rolesOf = (data: EventData, field: string): readonly string[] | undefined => {
  const value = data[field];
  if (value === undefined) return undefined;
  const list: readonly unknown[] = value === null ? [] : Array.isArray(value) ? value : [value];
  const isRole = (role: unknown): role is string =>
    typeof role === 'string' && role !== '' && isPlain(role, longestRole);
  if (list.length > mostRoles || !list.every(isRole)) throw unsound(`data.${field}`, 'is no list of roles');
  return [...new Set(list)];
};
