import { errorEnvelope, type VaultError } from '@scaivault/errors';
import { answerHeaders } from '@scaivault/pipeline';
import { headersOf } from '@scaivault/runtime';
import type { FastifyReply } from 'fastify';

const json = 'application/json; charset=utf-8';

/** Headers that a service sends for the client; the rest of its metadata stays inside. */
const clientHeaders = [
  answerHeaders.etag,
  answerHeaders.location,
  answerHeaders.replayed,
  answerHeaders.rateLimit,
  answerHeaders.rateRemaining,
  answerHeaders.rateReset,
] as const;

/** Passes a service's headers on. */
export const copyHeaders = (reply: FastifyReply, headers: Headers | undefined): void => {
  if (headers === undefined) return;
  for (const name of clientHeaders) {
    const value = headers.get(name);
    if (value !== null) reply.header(name, value);
  }
};

/** Sends JSON text with a status. */
export const sendJson = (reply: FastifyReply, status: number, text: string): void => {
  // A reply is a thenable, and who returned one from an async function would wait for it again.
  reply.code(status).header('content-type', json).send(text);
};

/** Sends the error envelope with the headers its code asks for (rest-api-core 1.2, 1.9). */
export const sendError = (reply: FastifyReply, error: VaultError, requestId: string): void => {
  copyHeaders(reply, headersOf(error));
  if (error.retryAfterSeconds !== undefined) reply.header(answerHeaders.retryAfter, String(error.retryAfterSeconds));
  if (error.httpStatus === 401 && error.code !== 'signature_invalid') {
    reply.header('www-authenticate', 'Bearer realm="scaivault", error="invalid_token"');
  }
  // The rest of a body that was too large is not read.
  if (error.code === 'payload_too_large') reply.header('connection', 'close');
  sendJson(reply, error.httpStatus, JSON.stringify(errorEnvelope(error, requestId)));
};
