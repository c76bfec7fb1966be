import { create } from '@bufbuild/protobuf';
import { createClient, type ServiceImpl, type Transport } from '@connectrpc/connect';
import { type ReadSecretRequest, type Secret, SecretSchema, SecretsService } from '@scaivault/contracts';
import { createDevelopmentAuthority } from '@scaivault/crypto/development-authority';
import type { CallContext } from '../src/rpc/call-context.ts';
import { createDispatcher, type Dispatcher, mount } from '../src/rpc/dispatcher.ts';
import { createCoalescedTransport } from '../src/transport/coalesced/client.ts';
import { createDirectTransport } from '../src/transport/direct.ts';
import type { PeerTransport } from '../src/transport/peer-transport.ts';
import { type RpcServer, startRpcServer } from '../src/transport/rpc-server.ts';
import { clientCredentials, peerHostname, serverCredentials, type TlsIdentity } from '../src/transport/tls.ts';
import { createUnaryTransport } from '../src/transport/unary-client.ts';

export type Handler = (request: ReadSecretRequest, call: CallContext) => Promise<Secret> | Secret;

export const answerOf = (path: string): Secret => create(SecretSchema, { path });

const unused = (): Promise<never> => Promise.reject(new Error('This RPC is not part of the test.'));

/** SecretsService with nothing but ReadSecret; no pipeline in front of it. */
export const dispatcherOf = (handler: Handler): Dispatcher => {
  const service = {
    readSecret: async (request, context) => await handler(request, context as unknown as CallContext),
    putSecret: unused,
    deleteSecret: unused,
    restoreSecret: unused,
    readMetadata: unused,
    updateMetadata: unused,
    rotateSecret: unused,
    destroyVersions: unused,
    listVersions: unused,
    listSecrets: unused,
    listExpiring: unused,
    batchRead: unused,
    batchReadMetadata: unused,
  } as ServiceImpl<typeof SecretsService>;
  return createDispatcher([mount(SecretsService, service)], (_method, next) => next);
};

type Authority = Awaited<ReturnType<typeof createDevelopmentAuthority>>;

export const identityOf = async (authority: Authority, name: string): Promise<TlsIdentity> => {
  const { certificate, key } = await authority.issue(peerHostname(name));
  return {
    certificate: Buffer.from(certificate),
    key: Buffer.from(key),
    authority: Buffer.from(authority.certificate),
  };
};

export const serve = async (dispatcher: Dispatcher, tls: TlsIdentity, port = 0): Promise<RpcServer> =>
  await startRpcServer({ dispatcher, credentials: serverCredentials(tls), address: `127.0.0.1:${port}` });

const remote = { unary: createUnaryTransport, coalesced: createCoalescedTransport };

export const dial = (port: number, tls: TlsIdentity, wire: keyof typeof remote = 'unary'): PeerTransport =>
  remote[wire]({
    address: `127.0.0.1:${port}`,
    credentials: clientCredentials(tls),
    serverName: peerHostname('secrets'),
  });

export interface OpenWire extends AsyncDisposable {
  readonly transport: Transport;
  readonly client: ReturnType<typeof createClient<typeof SecretsService>>;
}

/** One handler behind one wire, called by the gateway. */
export const openWire = async (wire: 'direct' | keyof typeof remote, handler: Handler): Promise<OpenWire> => {
  const dispatcher = dispatcherOf(handler);
  if (wire === 'direct') {
    const transport = createDirectTransport(() => dispatcher, 'gateway');
    return { transport, client: createClient(SecretsService, transport), [Symbol.asyncDispose]: async () => {} };
  }
  const authority = await createDevelopmentAuthority();
  const server = await serve(dispatcher, await identityOf(authority, 'secrets'));
  const transport = dial(server.port, await identityOf(authority, 'gateway'), wire);
  return {
    transport,
    client: createClient(SecretsService, transport),
    [Symbol.asyncDispose]: async () => {
      transport.close();
      await server.stop(200);
    },
  };
};
