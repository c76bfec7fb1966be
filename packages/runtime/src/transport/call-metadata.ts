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
  const record = header as Readonly<Record<string, string>>;
  return {
    get: (name) => {
      if (Object.hasOwn(record, name)) return record[name];
      for (const key in record) if (key.toLowerCase() === name) return record[key];
      return undefined;
    },
  };
};
