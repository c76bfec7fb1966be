import { fieldError } from '@scaivault/errors';
import type { ResolvableType } from '../domain/identity-string.ts';

const types: readonly ResolvableType[] = ['user', 'service_account', 'group'];

/** One of the three; 422 `validation_error` for any other word. */
export const decodeType = (text: string): ResolvableType => {
  const type = types.find((each) => each === text);
  if (type === undefined) throw fieldError('identity_type', 'enum', `must be one of ${types.join(', ')}`);
  return type;
};

/** The same, or undefined for an empty word: any type. */
export const decodeAnyType = (text: string): ResolvableType | undefined => (text === '' ? undefined : decodeType(text));
