import { maxMessageBytes } from '../limits.ts';
import { EntryKind, entryOverhead, FrameError } from './entry.ts';

/** A message of the largest size and its metadata, of which HTTP/2 would not carry more either. */
const mostBodyBytes = maxMessageBytes + 64 * 1024;

interface Begun {
  readonly kind: number;
  readonly parts: Buffer[];
  bytes: number;
}

export type OnEntry = (kind: number, callId: number, body: Buffer) => void;

/** Reads frames of one direction and hands out entries when their last part is there; throws FrameError. */
export const createEntryReader = (onEntry: OnEntry): ((frame: Buffer) => void) => {
  const begun = new Map<number, Begun>();

  const takePart = (kind: number, callId: number, part: Buffer, hasMore: boolean): void => {
    const known = begun.get(callId) ?? { kind, parts: [], bytes: 0 };
    if (known.kind !== kind) throw new FrameError('parts of different kinds');
    known.parts.push(part);
    known.bytes += part.length;
    if (known.bytes > mostBodyBytes) throw new FrameError('a message that is too large');
    if (hasMore) {
      begun.set(callId, known);
      return;
    }
    begun.delete(callId);
    onEntry(kind, callId, Buffer.concat(known.parts, known.bytes));
  };

  return (frame) => {
    for (let at = 0; at < frame.length; ) {
      if (at + entryOverhead > frame.length) throw new FrameError('an entry is cut off');
      const end = at + 4 + frame.readUInt32LE(at);
      if (end < at + entryOverhead || end > frame.length) throw new FrameError('an entry has a wrong length');
      const kind = frame.readUInt8(at + 4);
      const hasMore = frame.readUInt8(at + 5) === 1;
      const callId = frame.readUInt32LE(at + 6);
      const body = frame.subarray(at + entryOverhead, end);
      if (kind === EntryKind.cancel) begun.delete(callId);
      if (hasMore || begun.has(callId)) takePart(kind, callId, body, hasMore);
      else onEntry(kind, callId, body);
      at = end;
    }
  };
};
