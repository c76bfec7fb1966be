/** An address as a row of bits, 32 or 128 of them; v4-mapped v6 is v4 (rest-api-core 6.3). */
const bitsOf = (text: string): string | undefined => {
  const bits = (value: number, width: number): string => value.toString(2).padStart(width, '0');
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (v4 !== null) {
    const bytes = v4.slice(1);
    const plain = bytes.every((byte) => Number(byte) <= 255 && String(Number(byte)) === byte);
    return plain ? bytes.map((byte) => bits(Number(byte), 8)).join('') : undefined;
  }
  if (!text.includes(':')) return undefined;
  const lastColon = text.lastIndexOf(':');
  const tail = text.slice(lastColon + 1);
  if (tail.includes('.')) {
    const inner = bitsOf(tail);
    if (inner === undefined) return undefined;
    const half = (from: number): string => Number.parseInt(inner.slice(from, from + 16), 2).toString(16);
    return bitsOf(`${text.slice(0, lastColon)}:${half(0)}:${half(16)}`);
  }
  const [before = '', after] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const missing = 8 - groups(before).length - groups(after ?? '').length;
  const all = [
    ...groups(before),
    ...(after === undefined ? [] : Array<string>(Math.max(0, missing)).fill('0')),
    ...groups(after ?? ''),
  ];
  if (all.length !== 8 || !all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const row = all.map((group) => bits(Number.parseInt(group, 16), 16)).join('');
  const mapped = `${'0'.repeat(80)}${'1'.repeat(16)}`;
  return row.startsWith(mapped) ? row.slice(96) : row;
};

/** Whether an address lies in one of the blocks; an address that nobody knows lies in none. */
export const naiveInRanges = (blocks: readonly string[], sourceIp: string | null): boolean => {
  const address = sourceIp === null ? undefined : bitsOf(sourceIp);
  if (address === undefined) return false;
  return blocks.some((block) => {
    const [network = '', lengthText] = block.split('/');
    const row = bitsOf(network);
    if (row === undefined || row.length !== address.length) return false;
    const written = network.includes(':') ? 128 : 32;
    const length = lengthText === undefined ? row.length : Number(lengthText) - (written - row.length);
    return address.slice(0, length) === row.slice(0, length);
  });
};
