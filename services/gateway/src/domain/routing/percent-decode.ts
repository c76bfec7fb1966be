// Raw request targets are printable ASCII; anything else never was a URL.
const printable = /^[\x21-\x7e]*$/;

/**
 * Percent-decodes once; undefined when an escape is malformed or the bytes are not UTF-8 (overlong forms and surrogates
 * included). A plus sign stays a plus sign.
 */
export const percentDecode = (raw: string): string | undefined => {
  if (!printable.test(raw)) return undefined;
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
};
