import type { CallMetadata } from '../rpc/call-context.ts';

/** What Connect clients pass as headers. */
export type HeaderSource = ConstructorParameters<typeof Headers>[0];

/** Headers given to a Connect client as call metadata; names are compared in lower case. */
export const metadataFromHeaders = (header: HeaderSource): CallMetadata => {
  if (header === undefined) return { get: () => undefined };
  if (header instanceof Headers || Symbol.iterator in header) {
    const headers = new Headers(header);
    return { get: (name) => headers.get(name) ?? undefined };
  }
  // Most names that a call is asked for were not sent; a Map knows that at once.
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(header as Readonly<Record<string, string>>)) {
    const lower = name.toLowerCase();
    if (lower === name || !values.has(lower)) values.set(lower, value);
  }
  return values;
};
