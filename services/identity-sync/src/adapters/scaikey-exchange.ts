import { VaultError } from '@scaivault/errors';
import { askProvider, type ClientCredentials, type ProviderAnswer } from '@scaivault/pipeline';
import { subjectInvalid } from '../domain/subject-end.ts';
import type { ExchangeAtScaiKey, ExchangeRequest, MintedToken } from '../domain/token-exchange.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const timeoutMs = 5_000;
const longestToken = 16_384;

const unavailable = (cause: unknown): VaultError =>
  new VaultError('service_unavailable', 'The identity provider cannot exchange tokens now. Try again.', {
    cause,
    retryAfterSeconds: 2,
  });
const noTrust = (): VaultError =>
  new VaultError('forbidden', 'The issuer of the subject token is not trusted, or nothing is mapped to its subject.', {
    details: { reason: 'no_trust' },
  });
const badRequest = (reason: string): VaultError =>
  new VaultError('invalid_request', 'The identity provider cannot mint such a token.', { details: { reason } });

/** The codes of RFC 6749 section 5.2 and RFC 8693 section 2.2.2 in our words; anything else is the provider's failure. */
const refusalOf = ({ status, body }: ProviderAnswer): VaultError => {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  switch (error) {
    case 'access_denied':
    case 'unauthorized_client':
    case 'invalid_target':
      return noTrust();
    case 'invalid_grant':
      return subjectInvalid();
    case 'invalid_scope':
      return badRequest('scope');
    case 'invalid_request':
      return badRequest('exchange');
    default:
      return unavailable(new Error(`The token endpoint answered ${status}.`));
  }
};

const readMinted = (body: unknown): MintedToken => {
  const answer: Readonly<Record<string, unknown>> = typeof body === 'object' && body !== null ? { ...body } : {};
  const { access_token: accessToken, issued_token_type: type, token_type: use, expires_in: seconds } = answer;
  if (typeof accessToken !== 'string' || accessToken === '' || accessToken.length > longestToken)
    throw unavailable(new Error('no access token'));
  if (typeof use !== 'string' || use.toLowerCase() !== 'bearer') throw unavailable(new Error('no bearer token'));
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds) || seconds < 0 || seconds > 2 ** 31 - 1)
    throw unavailable(new Error('no usable expires_in'));
  return {
    accessToken,
    issuedTokenType: typeof type === 'string' ? type : accessTokenType,
    expiresInSeconds: seconds,
  };
};

const formOf = (request: ExchangeRequest): Record<string, string> => ({
  grant_type: grantType,
  subject_token: request.subjectToken,
  subject_token_type: request.subjectTokenType,
  audience: request.audience,
  ...(request.role === undefined ? {} : { role: request.role }),
  ...(request.scope === undefined ? {} : { scope: request.scope }),
  ...(request.allowedPaths === undefined ? {} : { scv_paths: request.allowedPaths.join(' ') }),
});

/** Token exchange at ScaiKey's token endpoint, as our own client (RFC 8693). `scv_paths` holds globs parted by spaces. */
export const createScaiKeyExchange =
  ({
    tokenUrl,
    credentials,
  }: {
    readonly tokenUrl: () => Promise<string>;
    readonly credentials: ClientCredentials;
  }): ExchangeAtScaiKey =>
  async (request) => {
    let answer: ProviderAnswer;
    try {
      answer = await askProvider(await tokenUrl(), { form: formOf(request), credentials, timeoutMs });
    } catch (error) {
      throw unavailable(error);
    }
    if (answer.status !== 200) throw refusalOf(answer);
    return readMinted(answer.body);
  };

/** Where ScaiKey is not configured, or we are not its client: 503. */
export const noExchange: ExchangeAtScaiKey = () =>
  Promise.reject(unavailable(new Error('SCAIKEY_URL and SCAIKEY_CLIENT_ID are needed')));
