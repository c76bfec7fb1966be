import { type Entry, entryOverhead, writeEntry } from './entry.ts';

/** A frame takes entries until it is this large, and one part of a large entry. */
const frameBytes = 256 * 1024;
/** Larger entries go in parts of this size, one a frame, so that they hold up nobody. */
const partBytes = 64 * 1024;
/** What an entry takes of our memory while it waits, besides its body: a peer can ask for any number of empty ones. */
const waitingOverhead = 256;
/** Frames that the stream may hold at once: what waits here can still be gathered, or taken back. */
const mostFramesUnderWay = 2;

interface Waiting extends Entry {
  readonly bytes: number;
  /** Bytes of the body that are on their way. */
  sent: number;
}

export interface FrameQueue {
  /** Sends the entry at the end of this turn, with whatever else the turn brings. */
  add(entry: Entry): void;
  /** Takes back what has not left yet of a call's entry; true when none of it has. */
  drop(callId: number): boolean;
  /** Bytes of memory that what waits takes. */
  readonly bytes: number;
  /** Calls back once, when everything has left. */
  whenEmpty(then: () => void): void;
}

interface FrameQueueOptions {
  /** Nothing leaves before. */
  readonly after?: Promise<void>;
  /** Writes a frame; `done` is to be called when the stream has taken it. */
  readonly send: (frame: Buffer, done: () => void) => void;
  /** Called whenever frames have left. */
  readonly onLess?: () => void;
}

/**
 * Gathers the entries of one event-loop turn into one frame. When the peer takes frames more slowly than entries come,
 * they wait here and the next frame takes all of them.
 */
export const createFrameQueue = ({ after, send, onLess }: FrameQueueOptions): FrameQueue => {
  let small: Waiting[] = [];
  const large: Waiting[] = [];
  let bytes = 0;
  let underWay = 0;
  let isHeld = after !== undefined;
  let isScheduled = false;
  let tellEmpty: (() => void) | undefined;

  /** What goes into the next frame: small entries in their order, then the next part of one large entry. */
  const nextFrame = (): Buffer => {
    let size = 0;
    let count = 0;
    for (const { bytes: more } of small) {
      if (size >= frameBytes) break;
      size += entryOverhead + more;
      count += 1;
    }
    const taken = small.slice(0, count);
    small = small.slice(count);
    const [bulk] = large;
    const partSize = bulk === undefined ? 0 : Math.min(partBytes, bulk.bytes - bulk.sent);
    const frame = Buffer.allocUnsafe(bulk === undefined ? size : size + entryOverhead + partSize);
    let at = 0;
    for (const entry of taken) {
      at = writeEntry(frame, at, entry, entry.bytes, false);
      bytes -= waitingOverhead + entry.bytes;
    }
    if (bulk !== undefined) {
      const [whole] = bulk.body;
      const part = whole?.subarray(bulk.sent, bulk.sent + partSize) ?? new Uint8Array();
      bulk.sent += partSize;
      bytes -= partSize;
      const hasMore = bulk.sent < bulk.bytes;
      writeEntry(frame, at, { ...bulk, body: [part] }, partSize, hasMore);
      // Several large entries take turns.
      large.shift();
      if (hasMore) large.push(bulk);
      else bytes -= waitingOverhead;
    }
    return frame;
  };

  const isEmpty = (): boolean => small.length === 0 && large.length === 0;

  const pump = (): void => {
    while (!isHeld && underWay < mostFramesUnderWay && !isEmpty()) {
      underWay += 1;
      send(nextFrame(), () => {
        underWay -= 1;
        pump();
        onLess?.();
      });
    }
    if (tellEmpty !== undefined && isEmpty() && underWay === 0) {
      const tell = tellEmpty;
      tellEmpty = undefined;
      tell();
    }
  };
  const flush = (): void => {
    isScheduled = false;
    pump();
  };
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  };
  void after?.then(() => {
    isHeld = false;
    schedule();
  });

  return {
    add: ({ kind, callId, body }) => {
      let length = 0;
      for (const part of body) length += part.length;
      bytes += waitingOverhead + length;
      if (length > partBytes) large.push({ kind, callId, body: [Buffer.concat(body, length)], bytes: length, sent: 0 });
      else small.push({ kind, callId, body, bytes: length, sent: 0 });
      schedule();
    },
    drop: (callId) => {
      for (const waiting of [small, large]) {
        const at = waiting.findIndex((entry) => entry.callId === callId);
        if (at === -1) continue;
        const [entry] = waiting.splice(at, 1);
        if (entry === undefined) continue;
        bytes -= waitingOverhead + entry.bytes - entry.sent;
        return entry.sent === 0;
      }
      return false;
    },
    get bytes() {
      return bytes;
    },
    whenEmpty: (then) => {
      tellEmpty = then;
      schedule();
    },
  };
};
