import { createDirectoryControl, type DirectoryControl } from './directory-control.ts';
import type { EmulatorContext } from './emulator-context.ts';
import { type EmulatorLog, silentLog } from './emulator-log.ts';
import { createEmulatorServer } from './emulator-server.ts';
import { createState } from './emulator-state.ts';
import { refuseProduction } from './refuse-production.ts';
import type { StoredKey } from './signing-keys.ts';
import { openStateFile } from './state-file.ts';
import { createTokenIssuer, type PersonalTokenAnswer, type TokenAnswer } from './token-issuer.ts';
import type { TokenRequest } from './token-request.ts';
import { createWebhookDelivery } from './webhook-delivery.ts';

export interface EmulatorOptions {
  readonly host: string;
  /** 0 takes a free port; tokens survive a restart only under the same address, as it is their issuer. */
  readonly port: number;
  /** JSON with keys and secrets, mode 0600; made when missing. */
  readonly stateFile: string;
  /** What a first start signs with; fresh ones when left out, which takes a moment. For tests that start many. */
  readonly keys?: readonly StoredKey[] | undefined;
  /** The address under which the vault reaches the emulator, when it is not `http://host:port`. */
  readonly baseUrl?: string | undefined;
  /** Where events go, and the secret that signs them; by default nowhere yet, and one made at the first start. */
  readonly webhook?: { readonly url?: string | undefined; readonly secret?: string | undefined } | undefined;
  /** `aud` of all tokens; `scaivault` by default. */
  readonly audience?: string | undefined;
  readonly log?: EmulatorLog | undefined;
  readonly now?: () => Date;
}

export interface ScaiKeyEmulator {
  readonly url: string;
  readonly webhookSecret: string;
  readonly directory: DirectoryControl;
  mintToken(request: TokenRequest): Promise<TokenAnswer>;
  createPersonalToken(request: TokenRequest): Promise<PersonalTokenAnswer>;
  /** Names the receiver when its address is known only after the start, and begins to deliver. */
  sendWebhooksTo(url: string): void;
  /** Resolves when no event is waiting; `invalid_config` when nobody receives them. */
  deliverAll(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts ScaiKey's stand-in for development and tests; throws `invalid_config` with NODE_ENV=production. */
export const startScaiKeyEmulator = async (options: EmulatorOptions): Promise<ScaiKeyEmulator> => {
  refuseProduction();
  const { host, port, stateFile, audience = 'scaivault', log = silentLog, now = () => new Date() } = options;
  const { state, save } = await openStateFile(stateFile, () => createState(now, options.keys));
  if (options.webhook?.secret !== undefined && options.webhook.secret !== state.webhookSecret) {
    state.webhookSecret = options.webhook.secret;
    await save();
  }

  let address = options.baseUrl?.replace(/\/+$/, '') ?? '';
  let target = options.webhook?.url;
  const url = (): string => address;
  const webhookUrl = (): string | undefined => target;

  const delivery = createWebhookDelivery({ state, save, targetUrl: webhookUrl, now, log });
  const directory = createDirectoryControl({ data: state.directory, now, save, enqueue: delivery.enqueue });
  const tokens = createTokenIssuer({ state, save, url, audience, now });
  const context: EmulatorContext = { url, state, save, now, directory, tokens, webhookUrl, faults: {}, trusts: [] };
  const server = createEmulatorServer(context, log);

  const listening = await server.listen({ host, port });
  if (address === '') address = listening;
  log.info({ url: address }, 'ScaiKey emulator listens');
  delivery.poke();

  return {
    url: address,
    webhookSecret: state.webhookSecret,
    directory,
    mintToken: tokens.mintToken,
    createPersonalToken: tokens.createPersonalToken,
    sendWebhooksTo(newTarget) {
      target = newTarget;
      delivery.poke();
    },
    deliverAll: delivery.deliverAll,
    async stop() {
      await server.close();
      await delivery.stop();
    },
  };
};
