import type { IncomingMessage } from 'node:http';
import { VaultError } from '@scaivault/errors';

const tooLarge = (limit: number, actual: number | undefined): VaultError =>
  new VaultError('payload_too_large', `The request body is larger than ${limit} bytes.`, {
    details: { limit_bytes: limit, ...(actual === undefined ? {} : { actual_bytes: actual }) },
  });

/** True for a request that says it has a body, be it an empty one (RFC 9112, section 6.3). */
export const announcesBody = ({ headers }: IncomingMessage): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

/**
 * The request's body. Throws 413 `payload_too_large` as soon as it is known to be longer
 * than `limit` bytes; what was not read stays unread.
 */
export const readBody = async (request: IncomingMessage, limit: number): Promise<Buffer> => {
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) > limit) throw tooLarge(limit, Number(announced));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit, undefined);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
};

/** Refuses bodies that are not JSON: 415 `unsupported_media_type` (rest-api-core 1.1). */
export const requireJson = (contentType: string | undefined, method: string): void => {
  const [type = ''] = (contentType ?? '').split(';', 1);
  const word = type.trim().toLowerCase();
  if (word === 'application/json' || (method === 'PATCH' && word === 'application/merge-patch+json')) return;
  throw new VaultError('unsupported_media_type', 'Send the body as application/json.', {
    details: { allowed: ['application/json'] },
  });
};
