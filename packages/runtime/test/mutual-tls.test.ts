import { createClient, type Transport } from '@connectrpc/connect';
import { credentials } from '@grpc/grpc-js';
import { SecretsService } from '@scaivault/contracts';
import { createDevelopmentAuthority } from '@scaivault/crypto/development-authority';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PeerTransport } from '../src/transport/peer-transport.ts';
import type { RpcServer } from '../src/transport/rpc-server.ts';
import { peerNameIn } from '../src/transport/tls.ts';
import { createUnaryTransport } from '../src/transport/unary-client.ts';
import { answerOf, dial, dispatcherOf, identityOf, serve } from './open-wire.ts';

type Authority = Awaited<ReturnType<typeof createDevelopmentAuthority>>;

let authority: Authority;
let stranger: Authority;
let server: RpcServer;
let calls = 0;
const open: PeerTransport[] = [];

beforeAll(async () => {
  authority = await createDevelopmentAuthority();
  stranger = await createDevelopmentAuthority();
  const dispatcher = dispatcherOf((_request, call) => {
    calls += 1;
    return answerOf(`${call.peer} ${call.peerAddress}`);
  });
  server = await serve(dispatcher, await identityOf(authority, 'secrets'));
});
afterAll(async () => {
  for (const transport of open) transport.close();
  await server.stop(200);
});

const keep = (transport: PeerTransport): PeerTransport => {
  open.push(transport);
  return transport;
};
const ask = async (transport: Transport, headers: Record<string, string> = {}): Promise<string> =>
  (await createClient(SecretsService, transport).readSecret({ path: 'a' }, { timeoutMs: 3_000, headers })).path;

describe('mutual TLS between our processes', () => {
  it.each(['gateway', 'identity-sync'])('takes the name of the peer %s from its certificate', async (name) => {
    const transport = keep(dial(server.port, await identityOf(authority, name)));
    expect(await ask(transport, { 'x-peer': 'policy', 'x-forwarded-for': '10.9.9.9' })).toBe(`${name} 127.0.0.1`);
  });

  it('knows no peer for a certificate of our authority under a foreign name', async () => {
    const { certificate, key } = await authority.issue('gateway.scaivault.internal.example.org');
    const tls = {
      certificate: Buffer.from(certificate),
      key: Buffer.from(key),
      authority: Buffer.from(authority.certificate),
    };
    expect(await ask(keep(dial(server.port, tls)))).toBe('undefined 127.0.0.1');
  });

  it('turns away a client without certificate, one of another authority, and one without TLS', async () => {
    const before = calls;
    const address = `127.0.0.1:${server.port}`;
    const serverName = 'secrets.scaivault.internal';
    const root = Buffer.from(authority.certificate);
    const foreign = { ...(await identityOf(stranger, 'gateway')), authority: root };
    const strangers = [
      createUnaryTransport({ address, serverName, credentials: credentials.createSsl(root) }),
      dial(server.port, foreign),
      createUnaryTransport({ address, serverName, credentials: credentials.createInsecure() }),
    ];
    for (const transport of strangers.map(keep)) {
      await expect(ask(transport)).rejects.toMatchObject({ code: 'service_unavailable' });
    }
    expect(calls).toBe(before);
  });

  it('does not talk to a server of another authority, or of another name', async () => {
    const own = await identityOf(authority, 'gateway');
    const impostor = await serve(
      dispatcherOf(() => answerOf('impostor')),
      await identityOf(stranger, 'secrets'),
    );
    const neighbour = await serve(
      dispatcherOf(() => answerOf('neighbour')),
      await identityOf(authority, 'policy'),
    );
    for (const { port } of [impostor, neighbour]) {
      await expect(ask(keep(dial(port, own)))).rejects.toMatchObject({ code: 'service_unavailable' });
    }
    await Promise.all([impostor.stop(200), neighbour.stop(200)]);
  });
});

describe('peerNameIn', () => {
  it.each([
    ['DNS:secrets.scaivault.internal', 'secrets'],
    ['DNS:localhost, DNS:identity-sync.scaivault.internal', 'identity-sync'],
    ['DNS:secrets.scaivault.internal.example.org', undefined],
    ['DNS:secretsXscaivault.internal', undefined],
    ['email:secrets.scaivault.internal', undefined],
    ['DNS:"localhost, DNS:gateway.scaivault.internal"', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %j as %j', (subjectAltName, peer) => {
    expect(peerNameIn(subjectAltName)).toBe(peer);
  });
});
