/** True for the text of a JSON object, so that it can be put into an answer as it stands. */
export const isJsonObject = (text: string): boolean => {
  if (text === '{}') return true;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
};
