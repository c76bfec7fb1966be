/** How an element looks, before it is quoted. */
export type WriteElement = (value: unknown) => string;

/** A PostgreSQL array of one dimension as text, every element quoted; `unfit` for anything but an array. */
export const writeArray = (value: unknown, writeElement: WriteElement, unfit: string): string => {
  if (!Array.isArray(value)) return unfit;
  const elements = value.map((element: unknown) =>
    element === null ? 'NULL' : `"${writeElement(element).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  );
  return `{${elements.join(',')}}`;
};

/** An array of texts as one text: what stands for a row's array where the rows themselves are elements of one. */
export const writeTextArray = (values: readonly string[]): string => writeArray(values, String, '');

const endOfQuoted = (text: string, start: number): number => {
  let at = start;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
};

const endOfBare = (text: string, start: number): number => {
  const comma = text.indexOf(',', start);
  return comma === -1 ? text.length - 1 : comma;
};

/** The elements of a one-dimensional array as PostgreSQL writes it; an unquoted NULL is null. */
export const parseArray = <T>(text: string, parseElement: (text: string) => T): (T | null)[] => {
  if (!text.startsWith('{') || text.startsWith('{{')) throw new RangeError('An array with more than one dimension.');
  const elements: (T | null)[] = [];
  // `at` stands at the first character of an element; behind each comes a comma or the closing brace.
  for (let at = 1; at < text.length - 1; ) {
    const isQuoted = text[at] === '"';
    const start = isQuoted ? at + 1 : at;
    const end = isQuoted ? endOfQuoted(text, start) : endOfBare(text, start);
    const element = text.slice(start, end);
    if (isQuoted) elements.push(parseElement(element.replaceAll(/\\(.)/gs, '$1')));
    else elements.push(element === 'NULL' ? null : parseElement(element));
    at = end + (isQuoted ? 2 : 1);
  }
  return elements;
};
