import { Agent, get } from 'node:http';
import { answerQuestions } from '@scaivault/measure/answer-questions';
import { monotonicMs } from '@scaivault/measure/monotonic-ms';
import { tellParent } from '@scaivault/measure/tell-parent';

/** Polls to keep open, one for each subscription. */
export interface PollOrder {
  readonly url: string;
  readonly token: string;
  readonly ids: readonly string[];
}

/** A poll was answered with an event; milliseconds of the machine's monotonic clock. */
export interface PollNews {
  readonly id: string;
  readonly atMs: number;
}

// Ten thousand clients, in a process of their own so that they take no memory from what is measured.
const retryMs = 1_000;
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

const poll = ({ url, token }: PollOrder, id: string): void => {
  const again = (): void => poll({ url, token, ids: [] }, id);
  const since = latest.get(id);
  const query = `timeout=60${since === undefined ? '' : `&since_event_id=${since}`}`;
  const request = get(
    `${url}/v1/subscriptions/${id}/poll?${query}`,
    { agent, headers: { authorization: `Bearer ${token}` } },
    (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => {
        if (response.statusCode === 503) return void setTimeout(again, retryMs);
        if (response.statusCode !== 200) throw new Error(`${id}: ${response.statusCode} ${text}`);
        const { events } = JSON.parse(text) as { events: readonly { event_id: string }[] };
        const last = events.at(-1);
        if (last !== undefined) {
          latest.set(id, last.event_id);
          tellParent<PollNews>({ id, atMs: monotonicMs() });
        }
        again();
      });
    },
  );
  request.on('error', (error) => {
    if (process.connected) throw error;
  });
};
const latest = new Map<string, string>();

answerQuestions((order: PollOrder) => {
  for (const id of order.ids) poll(order, id);
});
