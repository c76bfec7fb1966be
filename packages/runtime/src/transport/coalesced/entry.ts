/** What an entry of a frame says. */
export const EntryKind = {
  /** Caller to callee: a request, with its method, metadata and time left. */
  call: 1,
  /** Caller to callee: nobody waits for that call any more. */
  cancel: 2,
  /** Callee to caller: the answer and its headers. */
  answer: 3,
  /** Callee to caller: google.rpc.Status of a refusal, with answer headers. */
  refusal: 4,
  /** Callee to caller: the call was not begun, because nobody here serves it or the process is about to end. */
  notTaken: 5,
  /** Callee to caller: no further calls are taken on this stream; those under way are answered. */
  drain: 6,
} as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** An entry before it is cut into parts; call 0 is none. */
export interface Entry {
  readonly kind: EntryKind;
  readonly callId: number;
  readonly body: readonly Uint8Array[];
}

/** Length of the rest (u32), kind (u8), whether more parts follow (u8), call (u32); numbers are little-endian. */
export const entryOverhead = 10;

/** A frame that is not as we write them. */
export class FrameError extends Error {
  constructor(what: string) {
    super(`A frame is not valid: ${what}.`);
    this.name = 'FrameError';
  }
}

/** Writes one entry or a part of it at `at`; answers where it ends. */
export const writeEntry = (
  frame: Buffer,
  at: number,
  { kind, callId, body }: Entry,
  bodyBytes: number,
  hasMore: boolean,
): number => {
  frame.writeUInt32LE(entryOverhead - 4 + bodyBytes, at);
  frame[at + 4] = kind;
  frame[at + 5] = hasMore ? 1 : 0;
  frame.writeUInt32LE(callId, at + 6);
  let end = at + entryOverhead;
  for (const bytes of body) {
    frame.set(bytes, end);
    end += bytes.length;
  }
  return end;
};

const headOverhead = 8;

/**
 * The head of a body: a number, then lines of text (a call: its path, then names and values of its metadata in turn; an
 * answer: those of its headers). What is left of the body is the message.
 */
export const encodeHead = (number: number, lines: readonly string[]): Buffer => {
  for (const line of lines) if (line.includes('\n')) throw new TypeError('Metadata may not hold line breaks.');
  const text = lines.join('\n');
  const head = Buffer.allocUnsafe(headOverhead + Buffer.byteLength(text));
  head.writeUInt32LE(number, 0);
  head.writeUInt32LE(head.length - headOverhead, 4);
  head.write(text, headOverhead);
  return head;
};

export interface DecodedBody {
  readonly number: number;
  readonly lines: readonly string[];
  readonly message: Uint8Array;
}

/** Takes a body apart; throws FrameError. */
export const decodeBody = (body: Buffer): DecodedBody => {
  if (body.length < headOverhead) throw new FrameError('a head is cut off');
  const textEnd = headOverhead + body.readUInt32LE(4);
  if (textEnd > body.length) throw new FrameError('a head is longer than its body');
  const text = body.toString('utf8', headOverhead, textEnd);
  return {
    number: body.readUInt32LE(0),
    lines: text === '' ? [] : text.split('\n'),
    message: body.subarray(textEnd),
  };
};
