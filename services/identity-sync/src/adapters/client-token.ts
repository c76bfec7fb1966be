import type { Secret } from '@scaivault/runtime';
import { fetchJson, scaiKeyAway } from './fetch-json.ts';

/** Our own client at ScaiKey (SCAIKEY_CLIENT_ID, SCAIKEY_CLIENT_SECRET). */
export interface ScaiKeyClient {
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** SCAIKEY_URL, without a slash at its end. */
  readonly url: string;
  /** SCAIKEY_TOKEN_URL; undefined: found by discovery. */
  readonly tokenUrl: string | undefined;
}

export interface ClientToken {
  get(): Promise<string>;
  /** The one handed out last was refused. */
  forget(): void;
}

/** A token this close to its end is not begun with any more. */
const spareMs = 60_000;
const shortestLifeSeconds = 1;

const textOf = (body: Readonly<Record<string, unknown>> | undefined, field: string): string => {
  const value = body?.[field];
  if (typeof value !== 'string' || value === '') throw scaiKeyAway(new Error(`The answer has no ${field}.`));
  return value;
};

/** A token for ScaiKey's lists by client credentials (RFC 6749 section 4.4), kept until shortly before its end. */
export const createClientToken = (
  { clientId, clientSecret, url, tokenUrl }: ScaiKeyClient,
  nowMs: () => number,
): ClientToken => {
  let kept: { readonly token: string; readonly until: number } | undefined;

  const locate = async (): Promise<string> => {
    if (tokenUrl !== undefined) return tokenUrl;
    const { body } = await fetchJson(`${url}/api/v1/platform/oauth/.well-known/openid-configuration`, {});
    return textOf(body, 'token_endpoint');
  };

  const ask = async (): Promise<string> => {
    // Both halves are form-encoded before they are joined (RFC 6749 section 2.3.1).
    const encoded = [clientId, clientSecret.reveal()].map(encodeURIComponent).join(':');
    const { status, body } = await fetchJson(await locate(), {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(encoded).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'admin:read' }),
    });
    if (body === undefined) throw scaiKeyAway(new Error(`The token endpoint answered ${status}.`));
    const lifeSeconds = typeof body.expires_in === 'number' ? body.expires_in : shortestLifeSeconds;
    const token = textOf(body, 'access_token');
    kept = { token, until: nowMs() + lifeSeconds * 1000 - spareMs };
    return token;
  };

  return {
    get: async () => (kept !== undefined && nowMs() < kept.until ? kept.token : await ask()),
    forget: () => {
      kept = undefined;
    },
  };
};
