import { createHmac, createSecretKey } from 'node:crypto';
import { expect, it } from 'vitest';
import { contentIdOf } from './content-id.ts';

const keyOf = (byte: number) => createSecretKey(Buffer.alloc(32, byte));
const content = Buffer.from('correct horse');

/** HKDF-SHA-256 for one block, step by step as RFC 5869 has it. */
const derive = (ikm: Buffer): Buffer => {
  const pseudorandom = createHmac('sha256', Buffer.alloc(32)).update(ikm).digest();
  return createHmac('sha256', pseudorandom).update('scaivault:content-id').update(Buffer.of(1)).digest();
};

it('names a content as it always did', () => {
  const expected = createHmac('sha256', derive(Buffer.alloc(32, 7)))
    .update(content)
    .digest('hex');
  expect(contentIdOf(keyOf(7), content)).toBe(expected);
  expect(expected).toMatch(/^[0-9a-f]{64}$/);
});

it('gives one content the same name each time, and another content or key another name', () => {
  const id = contentIdOf(keyOf(7), content);
  expect(contentIdOf(keyOf(7), content)).toBe(id);
  expect(contentIdOf(keyOf(8), content)).not.toBe(id);
  expect(contentIdOf(keyOf(7), Buffer.from('correct horse '))).not.toBe(id);
});

it('is not a plain MAC under the data key itself', () => {
  expect(contentIdOf(keyOf(7), content)).not.toBe(
    createHmac('sha256', Buffer.alloc(32, 7)).update(content).digest('hex'),
  );
});
