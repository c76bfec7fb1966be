export type CharacterClass = 'upper' | 'lower' | 'digit' | 'symbol';

/** Of printable ASCII; what is neither letter nor digit is a symbol. */
const forms: Readonly<Record<CharacterClass, RegExp>> = {
  upper: /[A-Z]/,
  lower: /[a-z]/,
  digit: /[0-9]/,
  symbol: /[^A-Za-z0-9]/,
};

/** True when at least one character of the text is of the class. */
export const holdsClass = (text: string, characterClass: CharacterClass): boolean => forms[characterClass].test(text);
