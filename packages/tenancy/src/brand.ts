declare const brand: unique symbol;

/** A string that has passed one particular check; only the parser of that name makes it. */
export type Brand<Name extends string> = string & { readonly [brand]: Name };
