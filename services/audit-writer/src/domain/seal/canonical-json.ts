const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const member = (object: Readonly<Record<string, unknown>>, name: string): string =>
  `${JSON.stringify(name)}:${canonicalJson(object[name])}`;

/**
 * The RFC 8785 form of a JSON value: members in the order of their names' UTF-16 units, numbers and texts as ECMAScript
 * writes them, nothing between. Half a surrogate pair, for which the RFC has no form, is written as its \u escape.
 */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((name) => member(value, name))
    .join(',')}}`;
};
