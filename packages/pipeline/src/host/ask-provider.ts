export interface ProviderQuestion {
  /** Sent as a form by POST; GET without one. */
  readonly form?: Readonly<Record<string, string | readonly string[]>>;
  readonly credentials?: ClientCredentials;
  /** Milliseconds; 3 s unless said otherwise. */
  readonly timeoutMs?: number;
}

/** Our own client at an identity provider. */
export interface ClientCredentials {
  readonly id: string;
  readonly secret: { reveal(): string };
}

export interface ProviderAnswer {
  readonly status: number;
  /** The JSON that came, of any shape. */
  readonly body: unknown;
}

const usualTimeoutMs = 3_000;
const largestAnswer = 1_048_576;

/** RFC 6749 section 2.3.1: both halves are form-encoded before they are joined. */
const basic = ({ id, secret }: ClientCredentials): string => {
  const encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret.reveal())}`).toString('base64')}`;
};

const formOf = (fields: NonNullable<ProviderQuestion['form']>): URLSearchParams =>
  new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) => [value].flat().map((item) => [name, item] as [string, string])),
  );

const readBounded = async (answer: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > largestAnswer) throw new Error('The identity provider answered too much.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString('utf8');
};

/**
 * Asks an identity provider and reads at most 1 MiB of JSON; follows no redirect, for that would take our credentials along.
 * Throws an Error when no JSON came in time; what the answer means is the caller's business.
 */
export const askProvider = async (url: string, question: ProviderQuestion = {}): Promise<ProviderAnswer> => {
  const { form, credentials, timeoutMs = usualTimeoutMs } = question;
  const answer = await fetch(url, {
    method: form === undefined ? 'GET' : 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      accept: 'application/json',
      ...(credentials === undefined ? {} : { authorization: basic(credentials) }),
    },
    ...(form === undefined ? {} : { body: formOf(form) }),
  });
  return { status: answer.status, body: JSON.parse(await readBounded(answer)) };
};

/** The same for a document that must be there. */
export const fetchDocument = async (url: string): Promise<unknown> => {
  const { status, body } = await askProvider(url);
  if (status !== 200) throw new Error(`The identity provider answered ${status}.`);
  return body;
};
