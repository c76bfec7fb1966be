import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Target } from './target.ts';

export interface OutboundRequest {
  readonly method: 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  /** In pieces where it is large. */
  readonly body: string | readonly Uint8Array[];
}

export interface OutboundAnswer {
  readonly status: number;
  /** Up to 64 KiB of it; empty where nobody asked for it. */
  readonly body: Buffer;
}

const largestBody = 65_536;

/** Lets the receiver finish what it says, within bounds. */
const drain = async (answer: IncomingMessage, keepsBody: boolean): Promise<Buffer> => {
  const kept: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > largestBody) break;
      if (keepsBody) kept.push(chunk);
    }
  } catch {
    // The status has come, and says it all.
  }
  return Buffer.concat(kept);
};

const lengthOf = (body: OutboundRequest['body']): number =>
  typeof body === 'string' ? Buffer.byteLength(body) : body.reduce((sum, { length }) => sum + length, 0);

/** One request and one answer on a connection of its own; follows no redirect. */
export const exchange = async (
  socket: Socket,
  target: Target,
  { method, headers, body }: OutboundRequest,
  signal: AbortSignal,
  keepsBody: boolean,
): Promise<OutboundAnswer> => {
  const sending = request({
    createConnection: () => socket,
    method,
    path: target.path,
    setHost: false,
    headers: { host: target.authority, ...headers, 'content-length': lengthOf(body), connection: 'close' },
    signal,
  });
  sending.on('error', () => {});
  for (const piece of typeof body === 'string' ? [body] : body) sending.write(piece);
  sending.end();
  const [answer] = (await once(sending, 'response', { signal })) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await drain(answer, keepsBody) };
};
