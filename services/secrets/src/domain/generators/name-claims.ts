import { fieldError } from '@scaivault/errors';

const form = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Takes a name of `data` that the client gave, or left to its default, in `field`. */
export type ClaimName = (name: string, field: string) => string;

/**
 * Hands out the names of one recipe, each once, whether a field is called so or derives it (rest-api-core 5); 422
 * `validation_error` for a name that is out of form or taken.
 */
export const createNameClaims = (): ClaimName => {
  const taken = new Set<string>();
  return (name, field) => {
    if (!form.test(name)) {
      throw fieldError(field, 'format', 'must be 1 to 64 letters, digits or _ and not begin with a digit');
    }
    if (taken.has(name)) throw fieldError(field, 'conflict', 'is the name of another value of this policy');
    taken.add(name);
    return name;
  };
};
