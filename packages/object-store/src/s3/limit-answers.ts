import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';

/** An answer of the server is longer than it may be; not to be tried again. */
class AnswerTooLargeError extends Error {
  constructor(mostBytes: number) {
    super(`the answer is longer than ${mostBytes} bytes`);
    this.name = 'AnswerTooLargeError';
  }
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body: Readable;
}

/** What a server may say about a failure; S3 needs less than one KiB. */
const largestRefusal = 65_536;

async function* upTo(mostBytes: number, body: Readable): AsyncGenerator<Buffer> {
  let count = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    count += chunk.length;
    if (count > mostBytes) throw new AnswerTooLargeError(mostBytes);
    yield chunk;
  }
}

/**
 * Makes every call of the client fail with AnswerTooLargeError when the body of an answer is longer than `largestBytes`
 * (64 KiB when the answer is a refusal), at once when the server says so and otherwise while it comes in. The SDK itself
 * collects whatever it is sent.
 */
export const limitAnswers = (client: S3Client, largestBytes: number): void => {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const answer = result.response as HttpAnswer;
      const mostBytes = answer.statusCode < 300 ? largestBytes : largestRefusal;
      if (Number(answer.headers['content-length'] ?? 0) > mostBytes) {
        answer.body.destroy();
        throw new AnswerTooLargeError(mostBytes);
      }
      answer.body = Readable.from(upTo(mostBytes, answer.body), { objectMode: false });
      return result;
    },
    // The last of the stack: the raw answer, before checksums and parsing.
    { step: 'deserialize', priority: 'low', name: 'limitAnswers' },
  );
};
