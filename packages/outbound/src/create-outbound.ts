import { fieldError, VaultError } from '@scaivault/errors';
import { type Configuration, createAddressBlocks } from '@scaivault/runtime';
import { dial } from './dial.ts';
import { exchange, type OutboundAnswer, type OutboundRequest } from './exchange.ts';
import { createFindAddresses } from './find-addresses.ts';
import { OutboundError } from './outbound-error.ts';
import { createResolveHost, type ResolveHost } from './resolve-host.ts';
import { parseTarget, type Target } from './target.ts';

export interface OutboundOptions {
  readonly config: Pick<Configuration, 'OUTBOUND_ALLOWED_CIDRS' | 'OUTBOUND_PROXY_URL' | 'ALLOW_INSECURE_TARGETS'>;
  readonly resolveHost?: ResolveHost;
  /** Roots to trust in place of the built-in ones (PEM). */
  readonly roots?: readonly string[];
}

/** Requests to places that tenants name. */
export interface Outbound {
  /**
   * Judges a URL before it is kept: 422 for what is no target at all, 400 `invalid_config` with reason
   * `target_not_allowed` (rest-api-core 15). A name that leads nowhere now is taken, for it is judged again by each `send`;
   * with http it is not, because http goes to certain addresses only.
   */
  check(field: string, url: string): Promise<void>;
  /** The status that came within `timeoutMs`, name lookup included; OutboundError otherwise. The body is thrown away. */
  send(url: string, request: OutboundRequest, timeoutMs: number): Promise<number>;
  /** The same for a caller that needs up to 64 KiB of the body. */
  ask(url: string, request: OutboundRequest, timeoutMs: number): Promise<OutboundAnswer>;
}

const checkTimeoutMs = 3_000;

const notAllowed = (field: string): VaultError =>
  new VaultError('invalid_config', `${field} is a target that is not allowed.`, {
    details: { field, reason: 'target_not_allowed' },
  });

/** Whatever `work` fails with once the time is up, the reason is the time. */
const within = async <T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new OutboundError('timeout')), { once: true });
  });
  try {
    return await Promise.race([work(signal), late]);
  } catch (error) {
    throw signal.aborted ? new OutboundError('timeout', error) : error;
  }
};

/**
 * A client for targets that tenants name, and that must not become their way into our network: the address that was judged
 * is the address that is dialled, in one lookup; no redirect is followed; time and answer are bounded.
 */
export const createOutbound = ({ config, resolveHost = createResolveHost(), roots }: OutboundOptions): Outbound => {
  const findAddresses = createFindAddresses({
    exceptions: createAddressBlocks('OUTBOUND_ALLOWED_CIDRS', config.OUTBOUND_ALLOWED_CIDRS),
    allowsPlain: config.ALLOW_INSECURE_TARGETS,
    resolveHost,
  });
  const settings = { proxyUrl: config.OUTBOUND_PROXY_URL?.reveal(), roots };

  const judge = async (field: string, target: Target): Promise<void> => {
    try {
      await within(checkTimeoutMs, () => findAddresses(target));
    } catch (error) {
      const isUnknown = error instanceof OutboundError && error.failure !== 'blocked_target';
      if (!isUnknown || target.isPlain) throw error instanceof OutboundError ? notAllowed(field) : error;
    }
  };

  const attempt = async (
    target: Target,
    request: OutboundRequest,
    signal: AbortSignal,
    keepsBody: boolean,
  ): Promise<OutboundAnswer> => {
    const found = await findAddresses(target);
    const socket = await dial(target, found, settings, signal);
    try {
      return await exchange(socket, target, request, signal, keepsBody);
    } catch (cause) {
      throw new OutboundError('connect', cause);
    } finally {
      socket.destroy();
    }
  };

  const perform = async (
    url: string,
    request: OutboundRequest,
    timeoutMs: number,
    keepsBody: boolean,
  ): Promise<OutboundAnswer> => {
    const target = parseTarget(url);
    if (target === undefined) throw new OutboundError('blocked_target');
    return await within(timeoutMs, (signal) => attempt(target, request, signal, keepsBody));
  };

  return {
    check: async (field, url) => {
      const target = parseTarget(url);
      if (target === undefined) throw fieldError(field, 'format', 'must be an https URL without credentials');
      await judge(field, target);
    },
    send: async (url, request, timeoutMs) => (await perform(url, request, timeoutMs, false)).status,
    ask: (url, request, timeoutMs) => perform(url, request, timeoutMs, true),
  };
};
