/** A text with the colon that makes it a name, or a bracket; nothing else matters here. */
const landmarks = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;

/**
 * True when an object anywhere in the JSON text has two members of one name (RFC 7519 section 4): parsers disagree on which
 * of them counts, so what one party has checked another would not see. The text must be valid JSON.
 */
export const hasRepeatedName = (json: string): boolean => {
  const open: Set<string>[] = [];
  for (const [text, colon] of json.matchAll(landmarks)) {
    if (text === '{') open.push(new Set());
    else if (text === '}') open.pop();
    else if (colon !== undefined) {
      const name: string = JSON.parse(text.slice(0, -colon.length));
      const names = open.at(-1);
      if (names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
};
