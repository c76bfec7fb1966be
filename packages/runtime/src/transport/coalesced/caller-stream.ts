import { type Client, Metadata } from '@grpc/grpc-js';
import { type DecodedBody, decodeBody, EntryKind } from './entry.ts';
import { createEntryReader } from './entry-reader.ts';
import { exchange, mostWaitingBytes } from './exchange.ts';
import { createFrameQueue } from './frame-queue.ts';

/** What becomes of a call; one of them is called, once, unless the call is cancelled. */
export interface CallEnd {
  readonly answer: (body: DecodedBody) => void;
  readonly refuse: (body: DecodedBody) => void;
  /** It was not taken, or nobody knows whether it ran. */
  readonly lose: (cause?: unknown) => void;
}

export interface CallerStream {
  /** False once the stream is lost or its peer is about to end. */
  readonly takesCalls: boolean;
  /** Sends a call; the answer takes it back, telling the peer that nobody waits any more. */
  call(body: readonly Uint8Array[], end: CallEnd): () => void;
  close(): void;
}

/** The calling end of one stream. */
export const openCallerStream = (client: Client): CallerStream => {
  const { path, requestSerialize, responseDeserialize } = exchange;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata());
  const underWay = new Map<number, CallEnd>();
  let takesCalls = true;
  let lastId = 0;

  const lose = (cause?: unknown): void => {
    takesCalls = false;
    const lost = [...underWay.values()];
    underWay.clear();
    for (const end of lost) end.lose(cause);
  };

  // What grpc-js is given before it has a connection it sends however late; what waits here can be given up.
  const accepted = new Promise<void>((resolve) => stream.once('metadata', () => resolve()));
  const queue = createFrameQueue({
    after: accepted,
    send: (frame, done) => {
      // A stream that is gone takes nothing; its calls have been told already.
      if (stream.writable) stream.write(frame, done);
    },
  });

  const read = createEntryReader((kind, callId, body) => {
    if (kind === EntryKind.drain) {
      takesCalls = false;
      return;
    }
    const end = underWay.get(callId);
    // Unknown is one that was given up meanwhile.
    if (end === undefined) return;
    const decoded = kind === EntryKind.notTaken ? undefined : decodeBody(body);
    underWay.delete(callId);
    if (decoded === undefined) end.lose();
    else if (kind === EntryKind.answer) end.answer(decoded);
    else end.refuse(decoded);
  });

  stream.on('data', (frame: Buffer) => {
    try {
      read(frame);
    } catch (error) {
      lose(error);
      stream.cancel();
    }
  });
  stream.on('error', lose);
  stream.on('end', () => {
    lose();
    stream.end();
  });

  return {
    get takesCalls() {
      return takesCalls;
    },
    call: (body, end) => {
      if (queue.bytes > mostWaitingBytes) {
        end.lose();
        return () => {};
      }
      // Numbers go round; none is given twice at once, since calls end within minutes.
      lastId = lastId === 0xffffffff ? 1 : lastId + 1;
      const callId = lastId;
      underWay.set(callId, end);
      queue.add({ kind: EntryKind.call, callId, body });
      return () => {
        if (!underWay.delete(callId) || queue.drop(callId)) return;
        queue.add({ kind: EntryKind.cancel, callId, body: [] });
      };
    },
    close: () => {
      lose();
      stream.cancel();
    },
  };
};
