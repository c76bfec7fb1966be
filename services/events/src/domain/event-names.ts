import { fieldError } from '@scaivault/errors';
import { eventTypes } from '@scaivault/outbox';

/** `policy.*` for `policy.created`, and so on; `policy.binding.created` has two. */
const groupsOf = (type: string): readonly string[] => {
  const parts = type.split('.');
  return parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`);
};

/** Every entry of an `events` list that asks for this event (rest-api-core 8.1). */
export const namesOf = (type: string): readonly string[] => [type, ...groupsOf(type), '*'];

const known: ReadonlySet<string> = new Set(eventTypes.flatMap(namesOf));

/** Refuses an `events` list that is empty or names what no event is called: 422 on `field`. */
export const checkEventNames = (field: string, names: readonly string[]): void => {
  if (names.length === 0) throw fieldError(field, 'length', 'must name at least one event');
  const unknown = names.findIndex((name) => !known.has(name));
  if (unknown !== -1) throw fieldError(`${field}[${unknown}]`, 'enum', 'must be the name of an event, <group>.* or *');
};
