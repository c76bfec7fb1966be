const v6Groups = 8;
const networkGroups = 4;

/**
 * What addresses are counted by: a v4 address as it is, of a v6 address the first 64 bits, all of whose hosts one customer
 * has. Text in its canonical form (RFC 5952), as the gateway hands it on; any other text counts as itself.
 */
export const addressNetwork = (address: string): string => {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array.from({ length: Math.max(0, v6Groups - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, networkGroups).join(':');
};
