/** Addresses that a discovery document names (OpenID Connect Discovery 1.0 section 3, RFC 8414). */
export type EndpointName = 'jwks_uri' | 'token_endpoint' | 'introspection_endpoint';

export interface Discovery {
  /** Undefined when the document does not name it; rejects when no document was ever read. */
  endpoint(name: EndpointName): Promise<string | undefined>;
}

export interface DiscoveryOptions {
  /** Where the document lies. */
  readonly url: string;
  /** What it must call its issuer (OpenID Connect Discovery section 4.3); undefined where one document serves many. */
  readonly issuer: string | undefined;
  readonly fetchDocument: (url: string) => Promise<unknown>;
  /** How long it is believed, in milliseconds; through an outage it serves on. */
  readonly refreshMs: number;
  readonly nowMs: () => number;
}

type Document = Readonly<Record<string, unknown>>;

/** Finds the endpoints of an issuer. What goes there holds tokens and credentials, so it never falls back to plain HTTP. */
export const createDiscovery = (options: DiscoveryOptions): Discovery => {
  const { url, nowMs } = options;
  let known: { readonly document: Document; readonly readAt: number } | undefined;

  const read = async (): Promise<Document> => {
    const document = await options.fetchDocument(url);
    if (typeof document !== 'object' || document === null) throw new Error('This is no discovery document.');
    const entries: Document = { ...document };
    if (options.issuer !== undefined && entries.issuer !== options.issuer)
      throw new Error('The discovery document is of another issuer.');
    known = { document: entries, readAt: nowMs() };
    return entries;
  };
  const current = async (): Promise<Document> => {
    if (known !== undefined && nowMs() - known.readAt < options.refreshMs) return known.document;
    return await read().catch((error: unknown) => {
      if (known === undefined) throw error;
      return known.document;
    });
  };

  return {
    endpoint: async (name) => {
      const value = (await current())[name];
      if (value === undefined) return undefined;
      if (typeof value !== 'string' || !URL.canParse(value)) throw new Error(`${name} is no address.`);
      const { protocol } = new URL(value);
      if (protocol !== 'https:' && protocol !== new URL(url).protocol) throw new Error(`${name} is not https.`);
      return value;
    },
  };
};
