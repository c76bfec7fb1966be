/** ScaiKey's words for the state of a thing (rest-api-core 11.1), from open to closed. */
const statuses = ['ACTIVE', 'SUSPENDED', 'DELETED'] as const;

export type Status = (typeof statuses)[number];

/** A word we do not know opens nothing: it counts as SUSPENDED. */
export const readStatus = (word: string): Status =>
  statuses.find((status) => status === word.toUpperCase()) ?? 'SUSPENDED';

/** The more closed of two states; a tenant has its own and that of its partner (rest-api-core 11.2). */
export const moreClosed = (one: Status, other: Status): Status =>
  statuses.indexOf(one) >= statuses.indexOf(other) ? one : other;
