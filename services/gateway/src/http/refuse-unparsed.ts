import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { errorEnvelope, VaultError } from '@scaivault/errors';
import { newId } from '@scaivault/tenancy';

/** Bytes that the request line and the headers may have together: the longest token and the longest address fit in. */
export const longestHead = 32_768;

const refusalOf = (code: string | undefined): VaultError =>
  code === 'HPE_HEADER_OVERFLOW'
    ? new VaultError('payload_too_large', 'The headers are too long.', { details: { limit_bytes: longestHead } })
    : new VaultError('invalid_request', 'This cannot be read as an HTTP request, or it did not come whole in time.', {
        details: { reason: 'malformed_http' },
      });

/** Answers, in our envelope, bytes that became no request, and closes the connection (rest-api-core 1.9). */
export const refuseUnparsed = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const requestId = newId('req');
  const body = JSON.stringify(errorEnvelope(refusal, requestId));
  const head = [
    `HTTP/1.1 ${refusal.httpStatus} ${STATUS_CODES[refusal.httpStatus] ?? ''}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
};
