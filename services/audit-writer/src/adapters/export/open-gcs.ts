import type { Outbound, OutboundRequest } from '@scaivault/outbound';
import { SignJWT } from 'jose/jwt/sign';
import { importPKCS8 } from 'jose/key/import';
import type { GcsCredentials } from '../../domain/export/credentials.ts';
import { unusable } from '../../domain/export/destination.ts';
import { DestinationFailure, failureOf } from '../../domain/export/destination-failure.ts';
import { parseJsonObject } from '../../domain/export/parse-json-object.ts';
import type { Store } from '../../ports/exports.ts';
import { md5Of } from './md5-of.ts';
import { asDestinationFailure } from './put-object.ts';

const scope = 'https://www.googleapis.com/auth/devstorage.read_write';
const assertionSeconds = 3_600;
/** A token is not used for its last minute. */
const reserveMs = 60_000;

const importKey = async (pem: string) => {
  try {
    return await importPKCS8(pem, 'RS256');
  } catch {
    // What it says would quote the key.
    throw unusable('credentials_path', 'invalid_credentials', 'The member private_key of the secret is no RSA key.');
  }
};

/** The token in an answer of the token endpoint (RFC 6749, section 5.1). */
const readToken = (body: Uint8Array): { readonly token: string; readonly seconds: number } => {
  const { access_token: token, expires_in: seconds } = parseJsonObject(body) ?? {};
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw new DestinationFailure('refused');
  return { token, seconds: typeof seconds === 'number' ? seconds : 0 };
};

/**
 * A bucket of Google Cloud Storage, by a service account's key: a signed assertion (RFC 7523) is exchanged for a token, and
 * with that objects are uploaded by the JSON API, whose answer says what has arrived. 400 `invalid_config` for a key that
 * is none.
 */
export const openGcs = async (
  outbound: Pick<Outbound, 'ask'>,
  { clientEmail, privateKey, privateKeyId, tokenUri, endpoint }: GcsCredentials,
  bucket: string,
  nowMs: () => number,
): Promise<Store> => {
  const key = await importKey(privateKey);
  let held: { readonly token: string; readonly untilMs: number } | undefined;

  const ask = (url: string, request: Pick<OutboundRequest, 'headers' | 'body'>, timeoutMs: number) =>
    outbound.ask(url, { method: 'POST', ...request }, timeoutMs).catch((error: unknown) => {
      throw asDestinationFailure(error);
    });

  const fetchToken = async (timeoutMs: number): Promise<string> => {
    const nowSeconds = Math.floor(nowMs() / 1000);
    const assertion = await new SignJWT({ scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(privateKeyId === undefined ? {} : { kid: privateKeyId }) })
      .setIssuer(clientEmail)
      .setAudience(tokenUri)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + assertionSeconds)
      .sign(key);
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion,
    }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await ask(tokenUri, { headers, body }, timeoutMs);
    // A token endpoint refuses an assertion with 400 (RFC 6749, section 5.2).
    const failure = answer.status === 400 ? new DestinationFailure('access_denied', 400) : failureOf(answer.status);
    if (failure !== undefined) throw failure;
    const { token, seconds } = readToken(answer.body);
    held = { token, untilMs: nowMs() + seconds * 1000 - reserveMs };
    return token;
  };

  return {
    put: async ({ name, contentType, content }, timeoutMs) => {
      const token = held !== undefined && nowMs() < held.untilMs ? held.token : await fetchToken(timeoutMs);
      const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
      const query = new URLSearchParams({ uploadType: 'media', name }).toString();
      const url = `${endpoint}/upload/storage/v1/b/${bucket}/o?${query}`;
      const answer = await ask(url, { headers, body: content }, timeoutMs);
      const failure = failureOf(answer.status);
      if (failure !== undefined) throw failure;
      // What has changed on its way is put again.
      if (parseJsonObject(answer.body)?.md5Hash !== md5Of(content)) throw new DestinationFailure('refused');
    },
  };
};
