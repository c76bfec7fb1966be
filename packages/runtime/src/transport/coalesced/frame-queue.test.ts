import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeBody, EntryKind, encodeHead, FrameError } from './entry.ts';
import { createEntryReader } from './entry-reader.ts';
import { createFrameQueue } from './frame-queue.ts';

/** A stream that takes a frame when it is told to. */
const createSlowStream = () => {
  const frames: Buffer[] = [];
  const taken: (() => void)[] = [];
  return {
    frames,
    send: (frame: Buffer, done: () => void): void => {
      frames.push(frame);
      taken.push(done);
    },
    takeAll: (): void => {
      for (let done = taken.shift(); done !== undefined; done = taken.shift()) done();
    },
  };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const readAll = (frames: readonly Buffer[]): [kind: number, callId: number, body: string][] => {
  const entries: [number, number, string][] = [];
  const read = createEntryReader((kind, callId, body) => entries.push([kind, callId, body.toString('latin1')]));
  for (const frame of frames) read(frame);
  return entries;
};

it('sends what one turn brings as one frame', async () => {
  const stream = createSlowStream();
  const queue = createFrameQueue({ send: stream.send });
  for (let callId = 1; callId <= 50; callId += 1) {
    queue.add({ kind: EntryKind.call, callId, body: [Buffer.from('head '), Buffer.from(`${callId}`)] });
  }
  expect(stream.frames).toHaveLength(0);
  await turn();
  expect(stream.frames).toHaveLength(1);
  expect(readAll(stream.frames).map(([, , body]) => body)).toEqual(
    Array.from({ length: 50 }, (_, i) => `head ${i + 1}`),
  );
});

it('lets small entries overtake large ones, and large ones take turns', async () => {
  const stream = createSlowStream();
  const queue = createFrameQueue({ send: stream.send });
  const large = (letter: string) => [Buffer.alloc(300_000, letter)];
  queue.add({ kind: EntryKind.call, callId: 1, body: large('a') });
  queue.add({ kind: EntryKind.call, callId: 2, body: large('b') });
  queue.add({ kind: EntryKind.call, callId: 3, body: [Buffer.from('small')] });
  await turn();
  queue.add({ kind: EntryKind.call, callId: 4, body: [Buffer.from('later')] });
  stream.takeAll();
  const order = readAll(stream.frames).map(([, callId]) => callId);
  expect(order).toEqual([3, 4, 1, 2]);
  for (const frame of stream.frames) expect(frame.length).toBeLessThan(400_000);
});

it('keeps at most two frames on the stream and gathers the rest', async () => {
  const stream = createSlowStream();
  const queue = createFrameQueue({ send: stream.send });
  for (let callId = 1; callId <= 20; callId += 1) {
    queue.add({ kind: EntryKind.call, callId, body: [Buffer.from('x')] });
    await turn();
  }
  expect(stream.frames).toHaveLength(2);
  // Each takes memory of its own besides the byte of its body.
  const { bytes } = queue;
  expect(bytes).toBeGreaterThan(18 * 100);
  expect(queue.drop(20)).toBe(true);
  expect(queue.bytes).toBe((bytes / 18) * 17);
  stream.takeAll();
  expect(stream.frames).toHaveLength(3);
  expect(queue.bytes).toBe(0);
});

it('brings any entries whole and in their order, however slow the stream is, and none that was taken back unsent', async () => {
  const bodies = fc.array(fc.record({ size: fc.nat({ max: 200_000 }), dropped: fc.boolean(), waits: fc.boolean() }), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(bodies, async (calls) => {
      const stream = createSlowStream();
      const queue = createFrameQueue({ send: stream.send });
      const expected = new Map<number, number>();
      for (const [at, { size, dropped, waits }] of calls.entries()) {
        const callId = at + 1;
        queue.add({ kind: EntryKind.answer, callId, body: [Buffer.alloc(size, callId)] });
        expected.set(callId, size);
        if (waits) await turn();
        if (dropped && queue.drop(callId)) expected.delete(callId);
        if (waits) stream.takeAll();
      }
      const emptied = new Promise<void>((resolve) => queue.whenEmpty(resolve));
      await turn();
      stream.takeAll();
      await emptied;
      expect(queue.bytes).toBe(0);
      const entries = readAll(stream.frames);
      const partly = new Set(calls.flatMap(({ dropped }, at) => (dropped && expected.has(at + 1) ? [at + 1] : [])));
      const sizes = new Map(entries.map(([, callId, body]) => [callId, body.length]));
      for (const [callId, size] of expected) {
        // One that had begun to leave when it was taken back may be whole or not; its caller says that it is cancelled.
        if (!partly.has(callId) || sizes.has(callId)) expect(sizes.get(callId)).toBe(size);
      }
      expect([...sizes.keys()].every((callId) => expected.has(callId))).toBe(true);
      const small = entries.filter(([, , body]) => body.length <= 65_536).map(([, callId]) => callId);
      expect(small).toEqual(small.toSorted((a, b) => a - b));
    }),
    { numRuns: 40 },
  );
});

it('reads nothing but whole frames, and says FrameError to all else', () => {
  const read = createEntryReader((_kind, _callId, body) => decodeBody(body));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        read(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }),
    { numRuns: 2_000 },
  );
});

it('carries lines of any text but line breaks', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (number, given) => {
      const lines = given.map((line) => line.replaceAll('\n', ''));
      const decoded = decodeBody(Buffer.concat([encodeHead(number, lines), Buffer.from('message')]));
      // One empty line and none are the same text.
      expect(decoded).toMatchObject({ number, lines: lines.join('\n') === '' ? [] : lines });
      expect(Buffer.from(decoded.message).toString()).toBe('message');
    }),
  );
  expect(() => encodeHead(0, ['a\nb'])).toThrow(TypeError);
});
