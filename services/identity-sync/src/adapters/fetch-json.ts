import { VaultError } from '@scaivault/errors';

/** One call; a page of 200 rows is far below. */
const deadlineMs = 10_000;
const largestAnswer = 8 * 1_048_576;

/** ScaiKey is away, or answers what nobody can use: 503 `service_unavailable`, whose cause says which. */
export const scaiKeyAway = (cause: unknown): VaultError =>
  new VaultError('service_unavailable', 'ScaiKey does not answer as it should.', { cause, retryAfterSeconds: 5 });

/** An answer of ScaiKey; `body` is undefined unless the status is a success. */
export interface JsonAnswer {
  readonly status: number;
  /** The Date header: when it was read, to the second and never later; undefined without one. */
  readonly dateMicros: number | undefined;
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

const readBounded = async (answer: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > largestAnswer) throw new Error(`The answer is longer than ${largestAnswer} bytes.`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One HTTP call with a deadline and a bound on the reply; 503 `service_unavailable` when no JSON object comes of it. */
export const fetchJson = async (url: string, init: RequestInit): Promise<JsonAnswer> => {
  try {
    const answer = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(deadlineMs) });
    const date = Date.parse(answer.headers.get('date') ?? '');
    const text = await readBounded(answer);
    const body: unknown = answer.ok ? JSON.parse(text) : undefined;
    if (answer.ok && !isObject(body)) throw new Error('The answer is no JSON object.');
    return {
      status: answer.status,
      dateMicros: Number.isNaN(date) ? undefined : date * 1000,
      body: isObject(body) ? body : undefined,
    };
  } catch (error) {
    throw scaiKeyAway(error);
  }
};
