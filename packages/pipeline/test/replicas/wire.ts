import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { FollowAnswer, FollowRequest } from '../../src/replica/revision-feed.ts';

/** Lease of the processes in this test, milliseconds. */
export const leaseMs = 1_000;

/** Microseconds of the one clock that all processes of a machine share and that nobody can set back. */
export const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n);

export interface Change {
  readonly key: string;
  /** Commits and dies on the spot, before anybody is told. */
  readonly thenDie?: boolean;
}

/** One decision of a follower: when it began, by which version of which key; null where it refused. */
export interface Decision {
  readonly startedAt: number;
  readonly key: string;
  readonly version: number | null;
}

const agent = new Agent({ keepAlive: true });

/** By node:http, because `fetch` would take most of the processor here. */
export const post = async (port: number, path: string, body: unknown, timeoutMs: number): Promise<unknown> => {
  const signal = AbortSignal.timeout(timeoutMs);
  const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent, signal });
  sent.end(JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const read = await text(answer);
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
  return JSON.parse(read);
};

export const writeFollow = (request: FollowRequest) => ({ ...request, confirmed: String(request.confirmed) });
export const readFollow = (body: { confirmed: string } & Omit<FollowRequest, 'confirmed'>): FollowRequest => ({
  ...body,
  confirmed: BigInt(body.confirmed),
});
export const writeAnswer = (answer: FollowAnswer) => ({ ...answer, revision: String(answer.revision) });
export const readAnswer = (body: { revision: string } & Omit<FollowAnswer, 'revision'>): FollowAnswer => ({
  ...body,
  revision: BigInt(body.revision),
});
