import { inside, readList, readWord } from '../place.ts';
import { identityTypes } from '../rule-document.ts';
import type { ReadCondition } from './condition.ts';

/** Holds when the caller itself, not its groups, is of a listed type. */
export const readIdentityTypes: ReadCondition = (value, place) => {
  const listed = readList(value, identityTypes.length, place).map((entry, index) =>
    readWord(entry, identityTypes, inside(place, index)),
  );
  return {
    name: 'identity_types',
    code: 'access_denied',
    mfaMaxAge: null,
    isAboutRequest: false,
    holds: ({ identityType }) => listed.includes(identityType),
  };
};
