import type { IncomingHttpHeaders } from 'node:http';
import { VaultError } from '@scaivault/errors';
import { metadataNames, sealInputRefusal } from '@scaivault/pipeline';

/** One value of a header; several of the same name count as malformed where it matters, so the first would not do. */
export const headerOf = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};

const clientRequestId = /^[A-Za-z0-9_-]{1,64}$/;

/** The client's own request id; 400 `invalid_request` when it has another form than rest-api-core 1.2 allows. */
export const clientRequestIdOf = (headers: IncomingHttpHeaders): string | undefined => {
  const given = headerOf(headers, 'x-request-id');
  if (given !== undefined && !clientRequestId.test(given)) {
    throw new VaultError('invalid_request', 'X-Request-ID is 1 to 64 characters of A-Z a-z 0-9 _ -', {
      details: { reason: 'header', header: 'x-request-id' },
    });
  }
  return given;
};

export interface CallFacts {
  readonly requestId: string;
  readonly sourceIp: string | undefined;
  readonly clientRequestId: string | undefined;
  readonly tenantPrefix: string | undefined;
  /** True below `/v1/partner/`. */
  readonly isForPartner: boolean;
  readonly refusal: VaultError | undefined;
}

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

const plainText = (text: string): string => (isPlain(text) ? text : text.replaceAll(/[^\x20-\x7e]/g, '?'));

/**
 * A name or key that metadata cannot carry travels as an empty one, which is nobody's: the service refuses it in its turn
 * of the order of work. With something in the place of its characters, or without the spaces around it, which one wire
 * drops and another does not, it could be another's.
 */
const carried = (text: string | undefined): string | undefined =>
  text === undefined || (isPlain(text) && text.trim() === text) ? text : '';

/** What travels with the call: the client's credentials, and what only the gateway has seen. */
export const callHeaders = (headers: IncomingHttpHeaders, facts: CallFacts): Record<string, string> => {
  const metadata: Record<string, string> = {};
  metadata[metadataNames.requestId] = facts.requestId;
  const pass = (name: string, value: string | undefined): void => {
    if (value !== undefined) metadata[name] = plainText(value);
  };
  pass(metadataNames.authorization, headerOf(headers, 'authorization'));
  pass(metadataNames.traceparent, headerOf(headers, 'traceparent'));
  pass(metadataNames.tenantHeader, carried(headerOf(headers, 'x-tenant-id')));
  pass(metadataNames.partnerHeader, carried(headerOf(headers, 'x-partner-id')));
  pass(metadataNames.objectScope, facts.isForPartner ? 'partner' : undefined);
  pass(metadataNames.idempotencyKey, carried(headerOf(headers, 'idempotency-key')));
  pass(metadataNames.sourceIp, facts.sourceIp);
  pass(metadataNames.userAgent, headerOf(headers, 'user-agent'));
  pass(metadataNames.clientRequestId, facts.clientRequestId);
  pass(metadataNames.tenantPrefix, carried(facts.tenantPrefix));
  if (facts.refusal !== undefined) metadata[metadataNames.inputRefusal] = sealInputRefusal(facts.refusal);
  return metadata;
};
