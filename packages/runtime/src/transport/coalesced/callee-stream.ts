import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { VaultError } from '@scaivault/errors';
import { CallContext } from '../../rpc/call-context.ts';
import type { CompiledMethod, Dispatcher } from '../../rpc/dispatcher.ts';
import { encodeWireError, sendable } from '../../rpc/wire-error.ts';
import { maxMessageBytes } from '../limits.ts';
import { peerOf } from '../peer-of.ts';
import { decodeBody, EntryKind, encodeHead, FrameError } from './entry.ts';
import { createEntryReader } from './entry-reader.ts';
import { mostWaitingBytes } from './exchange.ts';
import { createFrameQueue } from './frame-queue.ts';

export interface CalleeStream {
  /** Takes no new calls and ends when those under way are answered. */
  drain(): void;
}

const linesOf = (headers: Headers | undefined): string[] => [...(headers ?? [])].flat();

const metadataOf = (lines: readonly string[]): Map<string, string> => {
  const metadata = new Map<string, string>();
  for (let i = 0; i + 1 < lines.length; i += 2) metadata.set(lines[i] ?? '', lines[i + 1] ?? '');
  return metadata;
};

const callerGone = (): VaultError => new VaultError('service_unavailable', 'The caller went away.');

/** The answering end of one stream. */
export const openCalleeStream = (stream: ServerDuplexStream<Buffer, Buffer>, dispatcher: Dispatcher): CalleeStream => {
  const { peer, peerAddress } = peerOf(stream);
  // The caller holds back its calls until it knows that somebody is here.
  stream.sendMetadata(new Metadata());
  const underWay = new Map<number, { readonly context: CallContext; readonly timer: NodeJS.Timeout }>();
  let isDraining = false;

  const queue = createFrameQueue({
    send: (frame, done) => {
      if (stream.writable) stream.write(frame, done);
    },
    onLess: () => {
      if (queue.bytes < mostWaitingBytes / 2 && stream.isPaused()) stream.resume();
    },
  });
  const endWhenDone = (): void => {
    if (isDraining && underWay.size === 0) queue.whenEmpty(() => stream.end());
  };
  const reply = (kind: EntryKind, callId: number, body: readonly Uint8Array[]): void => {
    queue.add({ kind, callId, body });
    // A peer that sends and does not read: its next calls stay where they are.
    if (queue.bytes > mostWaitingBytes) stream.pause();
  };
  const finish = (callId: number): boolean => {
    const call = underWay.get(callId);
    if (call === undefined) return false;
    clearTimeout(call.timer);
    underWay.delete(callId);
    endWhenDone();
    return true;
  };
  const giveUp = (callId: number): void => {
    const call = underWay.get(callId);
    if (finish(callId)) call?.context.abort(callerGone());
  };

  /** Ends a call that nobody gave up; its number may be that of another call by now. */
  const end = (kind: EntryKind, callId: number, context: CallContext, message: Uint8Array): void => {
    if (underWay.get(callId)?.context !== context) return;
    reply(kind, callId, [encodeHead(0, linesOf(context.responseHeaderIfSet)), message]);
    finish(callId);
  };
  const run = async (method: CompiledMethod, callId: number, context: CallContext, bytes: Uint8Array) => {
    try {
      const answer = await method.handle(fromBinary(method.desc.input, bytes), context);
      const message = toBinary(method.desc.output, answer);
      if (message.length > maxMessageBytes) throw new Error(`The answer of ${method.path} is too large.`);
      end(EntryKind.answer, callId, context, message);
    } catch (thrown) {
      end(EntryKind.refusal, callId, context, encodeWireError(sendable(thrown)));
    }
  };

  const begin = (callId: number, body: Buffer): void => {
    const { number: timeoutMs, lines, message } = decodeBody(body);
    const [path = '', ...metadata] = lines;
    const method = dispatcher.methods.get(path);
    if (isDraining || method === undefined) {
      reply(EntryKind.notTaken, callId, []);
      return;
    }
    const context = new CallContext({
      method: method.desc,
      metadata: metadataOf(metadata),
      peer,
      peerAddress,
      deadlineMs: Date.now() + timeoutMs,
    });
    const timer = setTimeout(giveUp, Math.min(timeoutMs, 0x7fffffff), callId);
    underWay.set(callId, { context, timer });
    // A refusal that cannot be written: a defect of ours, and still an answer.
    run(method, callId, context, message).catch(() => end(EntryKind.refusal, callId, context, new Uint8Array()));
  };

  const read = createEntryReader((kind, callId, body) => {
    if (kind === EntryKind.call && !underWay.has(callId)) begin(callId, body);
    else if (kind === EntryKind.cancel) giveUp(callId);
    else throw new FrameError('an entry that no caller sends');
  });

  stream.on('data', (frame: Buffer) => {
    try {
      read(frame);
    } catch {
      stream.emit('error', { code: status.INVALID_ARGUMENT, details: 'A frame is not valid.' });
    }
  });
  const abandon = (): void => {
    for (const callId of [...underWay.keys()]) giveUp(callId);
  };
  stream.on('cancelled', abandon);
  stream.on('close', abandon);
  const drain = (): void => {
    if (isDraining) return;
    isDraining = true;
    reply(EntryKind.drain, 0, []);
    endWhenDone();
  };
  stream.on('end', drain);

  return { drain };
};
