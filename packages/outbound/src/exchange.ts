import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Target } from './target.ts';

export interface OutboundRequest {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const largestBody = 65_536;

/** Lets the receiver finish what it says, within bounds; nothing of it is kept. */
const drain = async (answer: IncomingMessage): Promise<void> => {
  let length = 0;
  try {
    for await (const chunk of answer) {
      length += (chunk as Buffer).length;
      if (length > largestBody) return;
    }
  } catch {
    // The status has come, and says it all.
  }
};

/** One request and one answer on a connection of its own; follows no redirect. Resolves with the status. */
export const exchange = async (
  socket: Socket,
  target: Target,
  { method, headers, body }: OutboundRequest,
  signal: AbortSignal,
): Promise<number> => {
  const sending = request({
    createConnection: () => socket,
    method,
    path: target.path,
    setHost: false,
    headers: { host: target.authority, ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' },
    signal,
  });
  sending.on('error', () => {});
  sending.end(body);
  const [answer] = (await once(sending, 'response', { signal })) as [IncomingMessage];
  await drain(answer);
  return answer.statusCode ?? 0;
};
