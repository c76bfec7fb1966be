import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { Client, Metadata, type MethodDefinition, Server, type ServerCredentials, status } from '@grpc/grpc-js';
import { ErrorDetailSchema, ReadSecretRequestSchema, RpcStatusSchema, SecretsService } from '@scaivault/contracts';
import { createDevelopmentAuthority } from '@scaivault/crypto/development-authority';
import { VaultError } from '@scaivault/errors';
import { service as healthService } from 'grpc-health-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeWireError } from '../src/rpc/wire-error.ts';
import type { PeerTransport } from '../src/transport/peer-transport.ts';
import type { RpcServer } from '../src/transport/rpc-server.ts';
import { clientCredentials, serverCredentials, type TlsIdentity } from '../src/transport/tls.ts';
import { answerOf, dial, dispatcherOf, type Handler, identityOf, serve } from './open-wire.ts';

let own: TlsIdentity;
let caller: TlsIdentity;
beforeAll(async () => {
  const authority = await createDevelopmentAuthority();
  own = await identityOf(authority, 'secrets');
  caller = await identityOf(authority, 'gateway');
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const start = async (handler: Handler, port?: number): Promise<RpcServer> => {
  const server = await serve(dispatcherOf(handler), own, port);
  closing.push(() => server.stop(100));
  return server;
};
const dialTo = (port: number, wire?: 'unary' | 'coalesced'): PeerTransport => {
  const transport = dial(port, caller, wire);
  closing.push(() => transport.close());
  return transport;
};
/** A way to a port on which nothing gets through until it is released. */
const holdBack = async (port: number): Promise<{ readonly port: number; release(): void }> => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const sockets: Socket[] = [];
  const proxy = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    sockets.push(socket, onward);
    for (const end of [socket, onward]) end.on('error', () => {});
    onward.pipe(socket);
    void released.then(() => socket.pipe(onward));
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { port: (proxy.address() as AddressInfo).port, release };
};
/** A gRPC client that knows nothing of us. */
const outsider = (port: number): Client => {
  const client = new Client(`127.0.0.1:${port}`, clientCredentials(caller), {
    'grpc.ssl_target_name_override': 'secrets.scaivault.internal',
  });
  closing.push(() => client.close());
  return client;
};

const healthOf = (client: Client, name: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const check = healthService.Check as MethodDefinition<object, { status: string }>;
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize,
      check.responseDeserialize,
      { service: name },
      (e, answer) => (e === null ? resolve(answer?.status ?? '') : reject(e)),
    );
  });

describe('what any gRPC client finds', () => {
  it('is health, as the process reports it', async () => {
    const server = await start((request) => answerOf(request.path));
    const client = outsider(server.port);
    expect(await healthOf(client, '')).toBe('SERVING');
    server.setServing(false);
    expect(await healthOf(client, '')).toBe('NOT_SERVING');
    server.setCheck('database', false);
    expect(await healthOf(client, 'database')).toBe('NOT_SERVING');
    server.setCheck('database', true);
    expect(await healthOf(client, 'database')).toBe('SERVING');
    const transport = dialTo(server.port);
    await transport.checkHealth('database');
    await expect(transport.checkHealth('')).rejects.toThrow();
    await expect(healthOf(client, 'unheard-of')).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it('is health that can be listed and watched, and is told when it changes', async () => {
    const server = await start((request) => answerOf(request.path));
    server.setCheck('database', false);
    const client = outsider(server.port);
    const { List: list, Watch: watch } = healthService as unknown as Record<string, MethodDefinition<object, object>>;
    if (list === undefined || watch === undefined) throw new Error('The library knows other methods.');
    const listed = await new Promise((resolve, reject) => {
      client.makeUnaryRequest(list.path, list.requestSerialize, list.responseDeserialize, {}, (e, answer) =>
        e === null ? resolve(answer) : reject(e),
      );
    });
    expect(listed).toEqual({ statuses: { '': { status: 'SERVING' }, database: { status: 'NOT_SERVING' } } });
    const statusesOf = (service: string) => {
      const stream = client.makeServerStreamRequest(watch.path, watch.requestSerialize, watch.responseDeserialize, {
        service,
      });
      stream.on('error', () => {});
      closing.push(() => stream.cancel());
      const answers = stream[Symbol.asyncIterator]();
      return async (): Promise<unknown> => (await answers.next()).value;
    };
    const database = statusesOf('database');
    const later = statusesOf('encryption');
    expect(await database()).toEqual({ status: 'NOT_SERVING' });
    expect(await later()).toEqual({ status: 'SERVICE_UNKNOWN' });
    server.setCheck('database', false);
    server.setCheck('database', true);
    server.setCheck('encryption', true);
    expect(await database()).toEqual({ status: 'SERVING' });
    expect(await later()).toEqual({ status: 'SERVING' });
  });

  it.each(['v1', 'v1alpha'])('is reflection %s, with our services and their files', async (version) => {
    const server = await start((request) => answerOf(request.path));
    const send = (request: Buffer): Promise<string> =>
      new Promise((resolve, reject) => {
        const raw = (bytes: Buffer): Buffer => bytes;
        const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
        const stream = outsider(server.port).makeBidiStreamRequest(path, raw, raw);
        stream.on('data', (bytes: Buffer) => {
          resolve(bytes.toString('latin1'));
          stream.end();
        });
        stream.on('error', reject);
        stream.write(request);
      });
    const ask = (field: number, text: string): Promise<string> =>
      send(Buffer.concat([Buffer.of((field << 3) | 2, text.length), Buffer.from(text)]));
    expect(await ask(7, '*')).toContain('scaivault.secrets.v1.SecretsService');
    expect(await ask(4, 'scaivault.secrets.v1.SecretsService')).toContain('ReadSecretRequest');
    // A field of a kind that protobuf does not have.
    await expect(send(Buffer.of(0xa7, 0x01))).rejects.toMatchObject({ code: status.INTERNAL });
    expect(await ask(7, '*')).toContain('scaivault.secrets.v1.SecretsService');
  });

  it('is a refusal as google.rpc.Status beside the gRPC status', async () => {
    const server = await start(() => {
      throw new VaultError('secret_not_found', 'There is no such secret.', { details: { path: 'a' } });
    });
    const failure = await new Promise<{ code: number; details: string; metadata: Metadata } | null>((resolve) => {
      const raw = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
      const request = toBinary(ReadSecretRequestSchema, {
        $typeName: 'scaivault.secrets.v1.ReadSecretRequest',
        path: 'a',
      });
      const path = '/scaivault.secrets.v1.SecretsService/ReadSecret';
      outsider(server.port).makeUnaryRequest(path, raw, raw, request, (error) => resolve(error));
    });
    expect(failure?.code).toBe(status.NOT_FOUND);
    expect(failure?.details).toBe('There is no such secret.');
    const [bytes] = failure?.metadata.get('grpc-status-details-bin') ?? [];
    expect(decodeWireError(bytes as Buffer)).toMatchObject({ code: 'secret_not_found', details: { path: 'a' } });
  });
});

describe.each(['unary', 'coalesced'] as const)('a peer that goes and comes (%s wire)', (wire) => {
  it('is service_unavailable while it is away and reached again when it is back', async () => {
    const first = await serve(
      dispatcherOf(() => answerOf('first')),
      own,
    );
    const client = createClient(SecretsService, dialTo(first.port, wire));
    expect((await client.readSecret({ path: 'a' })).path).toBe('first');
    await first.stop(100);
    await expect(client.readSecret({ path: 'a' }, { timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'service_unavailable',
      retryAfterSeconds: 1,
    });
    await start(() => answerOf('second'), first.port);
    const path = async () => (await client.readSecret({ path: 'a' }, { timeoutMs: 500 }).catch(() => undefined))?.path;
    await expect.poll(path, { timeout: 5_000 }).toBe('second');
  });

  it('never runs a call that was given up before it could be reached', async () => {
    const seen: string[] = [];
    const server = await start(({ path }) => {
      seen.push(path);
      return answerOf(path);
    });
    const held = await holdBack(server.port);
    const client = createClient(SecretsService, dialTo(held.port, wire));
    await expect(client.readSecret({ path: 'early' }, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    held.release();
    expect((await client.readSecret({ path: 'late' })).path).toBe('late');
    expect(seen).toEqual(['late']);
  });

  it('lets calls under way finish when it stops, and takes no new ones', async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = 0;
    const server = await start(async () => {
      begun += 1;
      await released;
      return answerOf('finished');
    });
    const underWay = createClient(SecretsService, dialTo(server.port, wire)).readSecret({ path: 'a' });
    await expect.poll(() => begun).toBe(1);
    const stopped = server.stop(5_000);
    const late = createClient(SecretsService, dialTo(server.port, wire)).readSecret(
      { path: 'b' },
      { timeoutMs: 1_000 },
    );
    await expect(late).rejects.toMatchObject({ code: 'service_unavailable' });
    release();
    const releasedAt = performance.now();
    expect((await underWay).path).toBe('finished');
    await stopped;
    expect(performance.now() - releasedAt).toBeLessThan(4_000);
    expect(begun).toBe(1);
  });

  it('is gone after its time even when a call never ends', async () => {
    const server = await start(() => new Promise(() => {}));
    const hanging = createClient(SecretsService, dialTo(server.port, wire)).readSecret({ path: 'a' });
    const refused = expect(hanging).rejects.toMatchObject({ code: 'service_unavailable' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const started = performance.now();
    await server.stop(200);
    expect(performance.now() - started).toBeLessThan(2_000);
    await refused;
  });
});

describe('a peer that sends nonsense', () => {
  it.each([
    ['bytes that are no status', Buffer.from('\xff\xff\xff canary', 'latin1')],
    ['details that are no JSON', 'details'],
    ['a code that nobody knows', 'code'],
  ])('gets internal_error for %s, and nobody falls over', async (_what, sent) => {
    const detail = {
      $typeName: 'scaivault.common.v1.ErrorDetail' as const,
      reason: 'not_found',
      detailsJson: Buffer.of(0x7b),
    };
    if (sent === 'code') Object.assign(detail, { reason: 'canary', detailsJson: new Uint8Array() });
    const bytes = Buffer.isBuffer(sent)
      ? sent
      : Buffer.from(
          toBinary(RpcStatusSchema, {
            $typeName: 'scaivault.common.v1.RpcStatus',
            code: 5,
            message: 'canary',
            details: [anyPack(ErrorDetailSchema, detail)],
          }),
        );
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', bytes);
    const raw = (given: Buffer): Buffer => given;
    const server = new Server();
    const ReadSecret = {
      path: '/scaivault.secrets.v1.SecretsService/ReadSecret',
      requestStream: false as const,
      responseStream: false as const,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    };
    server.addService(
      { ReadSecret },
      { ReadSecret: (_call: unknown, reply: (e: object) => void) => reply({ code: 5, metadata }) },
    );
    const port = await new Promise<number>((resolve, reject) => {
      const done = (error: Error | null, bound: number): void => (error ? reject(error) : resolve(bound));
      server.bindAsync('127.0.0.1:0', serverCredentials(own) satisfies ServerCredentials, done);
    });
    closing.push(() => server.forceShutdown());
    const call = createClient(SecretsService, dialTo(port)).readSecret({ path: 'a' }, { timeoutMs: 3_000 });
    const error = await call.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'internal_error' });
    expect((error as Error).message).not.toContain('canary');
  });
});
