import { fieldError } from '@scaivault/errors';
import type { ResolvableType } from '../domain/identity-string.ts';
import { readStatus, type Status } from '../domain/status.ts';

const types: readonly ResolvableType[] = ['user', 'service_account', 'group'];

/** One of the three; 422 `validation_error` for any other word. */
export const decodeType = (text: string): ResolvableType => {
  const type = types.find((each) => each === text);
  if (type === undefined) throw fieldError('identity_type', 'enum', `must be one of ${types.join(', ')}`);
  return type;
};

/** The same, or undefined for an empty word: any type. */
export const decodeAnyType = (text: string): ResolvableType | undefined => (text === '' ? undefined : decodeType(text));

/** The contract has checked the word. */
export const decodeStatus = (word: string | undefined): Status | undefined =>
  word === undefined ? undefined : readStatus(word);
