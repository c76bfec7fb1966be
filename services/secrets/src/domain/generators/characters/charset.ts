/** The characters a text is drawn from: those it may begin with, and those for every later place. */
export interface Charset {
  readonly first: string;
  readonly rest: string;
}

/** At every place the same. */
export const evenCharset = (characters: string): Charset => ({ first: characters, rest: characters });

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';
/** Without `0 O 1 I l`, which people mistake for each other. */
const distinctCharacters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
/** From `!` to `~`. */
const printable = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => 0x21 + index));

/** The charsets with a name of their own (rest-api-core 5). */
export const charsets = {
  alphanumeric: evenCharset(letters + digits),
  alpha: evenCharset(letters),
  numeric: evenCharset(digits),
  // A first `-` reads as an option and a first `~` as a home folder.
  safe: { first: distinctCharacters, rest: `${distinctCharacters}-_.~` },
  ascii: evenCharset(printable),
} as const satisfies Record<string, Charset>;
