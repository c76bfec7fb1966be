import type { ExchangeTokenRequest } from '@scaivault/contracts/identity/v1/tokens';
import { fieldError } from '@scaivault/errors';
import { compileGlob } from '@scaivault/tenancy';
import type { ExchangeWish } from '../app/exchange-token.ts';

const jwtType = 'urn:ietf:params:oauth:token-type:jwt';
const mostPaths = 20;

const unlessEmpty = (text: string): string | undefined => (text === '' ? undefined : text);

/** A list that is there has something in it: an empty one must not count as no list, which would narrow nothing. */
const readPaths = (raw: Uint8Array | undefined): readonly string[] | undefined => {
  if (raw === undefined) return undefined;
  let paths: unknown;
  try {
    paths = JSON.parse(new TextDecoder().decode(raw));
  } catch {
    // Only a gRPC client can send this; the gateway passes on JSON.
    throw fieldError('allowed_paths', 'type', 'must be a list of texts');
  }
  if (paths === null) return undefined;
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string'))
    throw fieldError('allowed_paths', 'type', 'must be a list of texts');
  if (paths.length === 0 || paths.length > mostPaths)
    throw fieldError('allowed_paths', 'length', `must have 1 to ${mostPaths} items`);
  for (const path of paths) compileGlob(path);
  return paths;
};

/** 422 `validation_error`, 400 `invalid_glob`. */
export const readExchange = (request: ExchangeTokenRequest): ExchangeWish => {
  const role = unlessEmpty(request.role);
  if (role !== undefined && !/^sa:[\x21-\x7e]+$/.test(role))
    throw fieldError('role', 'format', 'must be sa:<name> of a service account');
  return {
    subjectToken: request.subjectToken,
    subjectTokenType: unlessEmpty(request.subjectTokenType) ?? jwtType,
    audience: unlessEmpty(request.audience),
    role,
    scope: unlessEmpty(request.scope),
    allowedPaths: readPaths(request.allowedPaths),
  };
};
