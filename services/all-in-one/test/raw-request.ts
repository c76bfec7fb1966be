import { request } from 'node:http';
import type { Answer, Vault } from '@scaivault/testkit/start-vault';

export interface RawRequest {
  readonly method?: string;
  /** Sent as it stands; fetch() would resolve dot segments and decode `%2e`. */
  readonly path: string;
  /** null sends none; left out: the tenant admin of tnt_acme_prod. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sends the body in chunks, without announcing its length. */
  readonly chunked?: boolean;
  /** Address of this machine that it comes from. */
  readonly from?: string;
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** One HTTP request, byte for byte as a hostile client would send it. */
export const rawRequest = (vault: Vault, options: RawRequest): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', path, token = vault.token, headers = {}, body, chunked = false, from } = options;
    let answered = false;
    const sending = request(
      {
        host: '127.0.0.1',
        port: new URL(vault.url).port,
        method,
        path,
        agent: false,
        ...(from === undefined ? {} : { localAddress: from }),
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined || chunked ? {} : { 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      },
      (answer) => {
        answered = true;
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const seen = new Headers();
          for (let i = 0; i < answer.rawHeaders.length; i += 2)
            seen.append(answer.rawHeaders[i] ?? '', answer.rawHeaders[i + 1] ?? '');
          resolve({ status: answer.statusCode ?? 0, headers: seen, text, json: parse(text) });
        });
      },
    );
    // A server that has refused need not read the rest of what we send.
    sending.on('error', (error) => {
      if (!answered) reject(error);
    });
    sending.end(body);
  });
