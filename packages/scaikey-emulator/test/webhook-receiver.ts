import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { WebhookEvent } from '../src/index.ts';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly rawBody: string;
  readonly event: WebhookEvent;
  readonly status: number;
}

export interface WebhookReceiver {
  readonly url: string;
  readonly received: Received[];
  /** Those it answered 200. */
  taken(): readonly WebhookEvent[];
  /** Decides each answer; 200 by default. */
  answerWith(status: (event: WebhookEvent, count: number) => number): void;
}

/** A tiny stand-in for the vault's webhook address. */
export const startWebhookReceiver = async (): Promise<WebhookReceiver> => {
  const received: Received[] = [];
  let decide: (event: WebhookEvent, count: number) => number = () => 200;
  const server = createServer((request, response) => {
    text(request).then(
      (rawBody) => answer(rawBody, request.headers, response),
      (error: Error) => response.destroy(error),
    );
  });
  const answer = (rawBody: string, headers: IncomingHttpHeaders, response: ServerResponse): void => {
    const event = JSON.parse(rawBody) as WebhookEvent;
    const status = decide(event, received.length);
    received.push({ headers, rawBody, event, status });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ handled: status === 200, event_id: event.event_id }));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/identity/webhooks/scaikey`,
    received,
    taken: () => received.filter(({ status }) => status === 200).map(({ event }) => event),
    answerWith(status) {
      decide = status;
    },
  };
};

/** The receiving side's own reading of rest-api-core 11.2, written apart from the sender's code. */
export const isGenuine = ({ headers, rawBody }: Received, secret: string, now = Date.now()): boolean => {
  const parts = String(headers['x-scaikey-signature'])
    .split(',')
    .map((part) => part.split('='));
  const t = Number(parts.find(([name]) => name === 't')?.[1]);
  const v1 = parts.find(([name]) => name === 'v1')?.[1];
  const expected = createHmac('sha256', secret).update(`${t}.`).update(rawBody).digest('hex');
  return v1 === expected && Math.abs(now / 1000 - t) <= 300;
};
