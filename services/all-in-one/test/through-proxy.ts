import type { Vault } from '@scaivault/testkit/start-vault';
import { rawRequest } from './raw-request.ts';

/** TRUSTED_PROXIES of a vault with a proxy at 127.0.0.9, while everybody else on this machine comes from 127.0.0.1. */
export const ownProxies = '127.0.0.8/29';
const proxyAddress = '127.0.0.9';

/** The vault as it is reached through that proxy, which adds no header. */
export const throughProxy = (vault: Vault): Vault => ({
  ...vault,
  request: (method, path, { token, body, headers = {} } = {}) =>
    rawRequest(vault, {
      method,
      path,
      from: proxyAddress,
      ...(token === undefined ? {} : { token }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
});
