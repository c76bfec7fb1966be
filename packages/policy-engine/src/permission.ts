/** The closed list of rights over a path (rest-api-core 6.1). */
export const permissions = ['read', 'write', 'delete', 'list', 'rotate', 'admin'] as const;

export type Permission = (typeof permissions)[number];

const bitOf: Readonly<Record<string, number>> = Object.freeze(
  Object.fromEntries(permissions.map((word, index) => [word, 1 << index])),
);
const everyBit = (1 << permissions.length) - 1;

/** The bit by which a wanted permission is looked up in a rule's mask. */
export const permissionBit = (permission: Permission): number => bitOf[permission] ?? 0;

/** The rights a rule speaks of, as a mask: `admin` stands for all of them; a word this version does not know for none. */
export const permissionMask = (words: readonly string[]): number =>
  words.includes('admin') ? everyBit : words.reduce((mask, word) => mask | (bitOf[word] ?? 0), 0);
