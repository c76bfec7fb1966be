/** The members of a JSON object; undefined for anything else. */
export const parseJsonObject = (bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    // No JSON, and what it is instead may be secret.
    return undefined;
  }
};
