import type { Vault } from '@scaivault/testkit/start-vault';

const atOnce = 100;
const readable = 50;

/** A request of a load, what it asks for, and what came back. */
export interface Deed {
  readonly kind: 'write' | 'read';
  readonly path: string;
  readonly value: string;
  /** Travels as X-Request-ID, so that a deed without an answer can be found in the trail. */
  readonly clientId: string;
  answer: { readonly status: number; readonly requestId: string } | undefined;
}

/** Writes of new secrets below `name/` and reads of the fifty below `seed/`, in turn. */
export const deedsFor = (name: string, count: number): readonly Deed[] =>
  Array.from({ length: count }, (_, index) => {
    const isWrite = index % 2 === 0;
    const path = isWrite ? `${name}/${index}` : `seed/${((index - 1) / 2) % readable}`;
    const kind = isWrite ? 'write' : 'read';
    return { kind, path, value: `value of ${path}`, clientId: `${name}-${index}`, answer: undefined };
  });

/** Sends it; an answer counts only when it has come whole. */
export const perform = async (vault: Vault, deed: Deed, more: Readonly<Record<string, string>> = {}): Promise<void> => {
  const isWrite = deed.kind === 'write';
  const { status, headers, json } = await vault.request(isWrite ? 'PUT' : 'GET', `/v1/secrets/${deed.path}`, {
    headers: { 'x-request-id': deed.clientId, ...more },
    ...(isWrite ? { body: { data: { value: deed.value } } } : {}),
  });
  if (json !== undefined) deed.answer = { status, requestId: headers.get('x-request-id') ?? '' };
};

/** Runs `work` over all items, a hundred of them at a time. */
export const inLanes = async <Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> => {
  const waiting = items.values();
  const lane = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
};
