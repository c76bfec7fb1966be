import { create, type Message, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type InlineField, inlineService } from '@scaivault/testkit';
import { describe, expect, it } from 'vitest';
import { compileEraseOnceFields } from './erase-once-fields.ts';

const answerOf = (...answerFields: InlineField[]) =>
  inlineService({ peer: 'secrets', methods: [], answerFields }).answer;

const once = { once: true };

describe('compileEraseOnceFields', () => {
  it('takes an answer as it is when nothing in it is shown once', () => {
    const desc = answerOf({ name: 'text' });
    const answer = create(desc, { text: 'shown' } as MessageInitShape<typeof desc>);
    expect(compileEraseOnceFields(desc)(answer)).toBe(answer);
  });

  it('takes out what is shown once at every depth, and leaves the answer itself alone', () => {
    const desc = answerOf(
      { name: 'text' },
      { name: 'key', form: 'optional', json: once },
      { name: 'bytes', type: 'BYTES', form: 'optional', json: once },
      { name: 'inner', type: 'MESSAGE', message: 'Answer' },
      { name: 'list', type: 'MESSAGE', message: 'Answer', form: 'repeated' },
    );
    const secrets = { key: 'canary', bytes: Buffer.from('canary') };
    const answer = create(desc, {
      text: 'outer',
      ...secrets,
      inner: { text: 'inner', ...secrets, list: [{ text: 'deep', ...secrets }] },
      list: [{ text: 'item', ...secrets }, { text: 'empty' }],
    } as MessageInitShape<typeof desc>);
    const before = toBinary(desc, answer);
    const copy = compileEraseOnceFields(desc)(answer);
    expect(Buffer.from(toBinary(desc, copy)).includes('canary')).toBe(false);
    expect(copy).toMatchObject({
      text: 'outer',
      inner: { text: 'inner', list: [{ text: 'deep' }] },
      list: [{ text: 'item' }, { text: 'empty' }],
    });
    expect((copy as Message & { key?: string }).key).toBeUndefined();
    expect(toBinary(desc, answer)).toEqual(before);
  });

  it.each([
    ['a plain text', { name: 'key', json: once }],
    ['a list', { name: 'keys', form: 'repeated', json: once }],
  ] as const)('refuses %s, which cannot be null', (_what, field) => {
    expect(() => compileEraseOnceFields(answerOf(field))).toThrow(/cannot be null/);
  });
});
