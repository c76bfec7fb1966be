import { create, toBinary } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { Client, Metadata, Server, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { ReadSecretRequestSchema, SecretsService } from '@scaivault/contracts';
import { createDevelopmentAuthority } from '@scaivault/crypto/development-authority';
import { isVaultError, VaultError } from '@scaivault/errors';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallContext } from '../src/rpc/call-context.ts';
import { decodeBody, EntryKind, encodeHead, entryOverhead, writeEntry } from '../src/transport/coalesced/entry.ts';
import { createEntryReader } from '../src/transport/coalesced/entry-reader.ts';
import { exchange, mostWaitingBytes } from '../src/transport/coalesced/exchange.ts';
import type { PeerTransport } from '../src/transport/peer-transport.ts';
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

const start = async (handler: Handler): Promise<number> => {
  const server = await serve(dispatcherOf(handler), own);
  closing.push(() => server.stop(100));
  return server.port;
};
const dialTo = (port: number): PeerTransport => {
  const transport = dial(port, caller, 'coalesced');
  closing.push(() => transport.close());
  return transport;
};
const clientOf = (port: number) => createClient(SecretsService, dialTo(port));

/** A peer that speaks frames and nothing else. */
const startRaw = async (onStream: (stream: ServerDuplexStream<Buffer, Buffer>) => void): Promise<number> => {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  server.addService(
    { Exchange: exchange },
    {
      Exchange: (stream: ServerDuplexStream<Buffer, Buffer>) => {
        stream.sendMetadata(new Metadata());
        onStream(stream);
      },
    },
  );
  closing.push(() => server.forceShutdown());
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', serverCredentials(own), (error, port) => (error ? reject(error) : resolve(port)));
  });
};
/** A stream to a server, without our client behind it. */
const openRaw = (port: number) => {
  const client = new Client(`127.0.0.1:${port}`, clientCredentials(caller), {
    'grpc.ssl_target_name_override': 'secrets.scaivault.internal',
  });
  closing.push(() => client.close());
  return client.makeBidiStreamRequest(exchange.path, exchange.requestSerialize, exchange.responseDeserialize);
};

const frameOf = (kind: EntryKind, callId: number, body: Buffer): Buffer => {
  const frame = Buffer.alloc(entryOverhead + body.length);
  writeEntry(frame, 0, { kind, callId, body: [body] }, body.length, false);
  return frame;
};

const refusalOf = async (call: Promise<unknown>): Promise<VaultError> => {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isVaultError(thrown)) throw new Error(`expected a refusal, got ${String(thrown)}`);
  return thrown;
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Something that happens when it is told to. */
const gate = (): { readonly opened: Promise<void>; open(): void } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
};

describe('a stream of calls', () => {
  it('carries the calls of one turn in one frame', async () => {
    const frames: number[] = [];
    const port = await startRaw((stream) => {
      const read = createEntryReader((_kind, callId) => {
        frames[frames.length - 1] = (frames.at(-1) ?? 0) + 1;
        stream.write(frameOf(EntryKind.notTaken, callId, Buffer.alloc(0)));
      });
      stream.on('data', (frame: Buffer) => {
        frames.push(0);
        read(frame);
      });
    });
    const client = clientOf(port);
    const askTogether = (count: number) =>
      Promise.all(Array.from({ length: count }, () => refusalOf(client.readSecret({ path: 'a' }))));
    await askTogether(3);
    const refusals = await askTogether(20);
    expect(frames).toEqual([3, 20]);
    expect(refusals[0]).toMatchObject({ code: 'service_unavailable', retryAfterSeconds: 1 });
  });

  it('answers fast calls while a slow one runs, and small ones while large ones travel', async () => {
    const slow = gate();
    const begun: string[] = [];
    const port = await start(async ({ path }) => {
      begun.push(path.slice(0, 5));
      if (path === 'slow') await slow.opened;
      return answerOf(path === 'large answer' ? 'y'.repeat(8_000_000) : path.slice(0, 5));
    });
    const client = clientOf(port);
    const order: string[] = [];
    const ask = async (path: string): Promise<void> => {
      const { path: answer } = await client.readSecret({ path });
      order.push(answer.slice(0, 5));
    };
    await ask('first');
    const calls = [ask('slow'), ask('large answer'), ask('x'.repeat(8_000_000)), ask('small')];
    await Promise.all(calls.slice(1));
    expect(begun.indexOf('small')).toBeLessThan(begun.indexOf('xxxxx'));
    expect(order.slice(0, 2)).toEqual(['first', 'small']);
    expect(order).not.toContain('slow');
    slow.open();
    await Promise.all(calls);
    expect(order.at(-1)).toBe('slow');
  });

  it('opens one stream, not one per call', async () => {
    let streams = 0;
    const port = await startRaw((stream) => {
      streams += 1;
      const read = createEntryReader((_kind, callId) =>
        stream.write(frameOf(EntryKind.notTaken, callId, Buffer.alloc(0))),
      );
      stream.on('data', read);
    });
    const client = clientOf(port);
    for (let i = 0; i < 5; i += 1) await refusalOf(client.readSecret({ path: 'a' }));
    expect(streams).toBe(1);
  });
});

describe('a stream that is lost', () => {
  it('fails the calls that may have run, sends none of them again, and the next call opens another one', async () => {
    const seen: string[] = [];
    let lose = (): void => {};
    const port = await startRaw((stream) => {
      const read = createEntryReader((_kind, callId, body) => {
        const [, ...metadata] = decodeBody(body).lines;
        seen.push(metadata.join('='));
        if (seen.length >= 3) lose = () => stream.emit('error', { code: status.UNAVAILABLE });
        if (metadata[1] === 'after') stream.write(frameOf(EntryKind.notTaken, callId, Buffer.alloc(0)));
      });
      stream.on('data', read);
    });
    const client = clientOf(port);
    const ask = (mark: string) => refusalOf(client.readSecret({ path: 'a' }, { headers: { 'x-mark': mark } }));
    const calls = ['one', 'two', 'three'].map(ask);
    await expect.poll(() => seen.length).toBe(3);
    lose();
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: 'service_unavailable', retryAfterSeconds: 1 });
    }
    await ask('after');
    expect(seen).toEqual(['x-mark=one', 'x-mark=two', 'x-mark=three', 'x-mark=after']);
  });

  it('tells every handler that its caller is gone', async () => {
    const contexts: CallContext[] = [];
    const port = await start((_request, context) => {
      void context.signal;
      contexts.push(context);
      return new Promise(() => {});
    });
    const transport = dialTo(port);
    const client = createClient(SecretsService, transport);
    const calls = [1, 2, 3].map(() => refusalOf(client.readSecret({ path: 'a' })));
    await expect.poll(() => contexts.length).toBe(3);
    transport.close();
    await Promise.all(calls);
    await expect.poll(() => contexts.every(({ signal }) => signal.aborted)).toBe(true);
  });
});

it('never takes an answer for that of a later call of the same number', async () => {
  const gates: ReturnType<typeof gate>[] = [];
  const port = await start(async ({ path }) => {
    const mine = gate();
    gates.push(mine);
    await mine.opened;
    return answerOf(path);
  });
  const stream = openRaw(port);
  stream.on('error', () => {});
  const answers: string[] = [];
  stream.on(
    'data',
    createEntryReader((_kind, _callId, body) => answers.push(Buffer.from(decodeBody(body).message).toString())),
  );
  const head = encodeHead(60_000, ['/scaivault.secrets.v1.SecretsService/ReadSecret']);
  const call = (path: string): Buffer =>
    frameOf(
      EntryKind.call,
      1,
      Buffer.concat([head, toBinary(ReadSecretRequestSchema, create(ReadSecretRequestSchema, { path }))]),
    );
  stream.write(call('first'));
  await expect.poll(() => gates.length).toBe(1);
  stream.write(frameOf(EntryKind.cancel, 1, Buffer.alloc(0)));
  stream.write(call('second'));
  await expect.poll(() => gates.length).toBe(2);
  gates[0]?.open();
  await turn();
  gates[1]?.open();
  await expect.poll(() => answers.length).toBe(1);
  expect(answers[0]).toContain('second');
  stream.cancel();
});

it('answers a call also when its refusal cannot be written', async () => {
  const port = await start(({ path }) => {
    if (path === 'good') return answerOf(path);
    throw new VaultError('a code that nobody knows' as 'not_found', 'canary');
  });
  const client = clientOf(port);
  const refusal = await refusalOf(client.readSecret({ path: 'bad' }, { timeoutMs: 3_000 }));
  expect(refusal.code).toBe('internal_error');
  expect(refusal.message).not.toContain('canary');
  expect((await client.readSecret({ path: 'good' })).path).toBe('good');
});

it('refuses calls after it was closed, and forgets them', async () => {
  const port = await start(({ path }) => answerOf(path));
  const transport = dialTo(port);
  const client = createClient(SecretsService, transport);
  await client.readSecret({ path: 'a' });
  transport.close();
  const leave = new AbortController();
  const late = client.readSecret({ path: 'a' }, { timeoutMs: 50, signal: leave.signal });
  expect((await refusalOf(late)).code).toBe('service_unavailable');
  // A timer or a listener that it left behind would throw here.
  await new Promise((resolve) => setTimeout(resolve, 60));
  leave.abort();
});

it('tells the handler when its time is over, also if the caller says nothing', async () => {
  let context: CallContext | undefined;
  const port = await start((_request, call) => {
    context = call;
    void call.signal;
    return new Promise(() => {});
  });
  const stream = openRaw(port);
  stream.on('error', () => {});
  stream.write(frameOf(EntryKind.call, 1, encodeHead(50, ['/scaivault.secrets.v1.SecretsService/ReadSecret'])));
  await expect.poll(() => context?.signal.aborted).toBe(true);
  stream.cancel();
});

describe('a peer that does not read', () => {
  it('is given no more than fits, gets no call that was given up meanwhile, and reads the rest later', async () => {
    let stalled: ServerDuplexStream<Buffer, Buffer> | undefined;
    const kinds: number[] = [];
    const port = await startRaw((stream) => {
      const read = createEntryReader((kind, callId) => {
        kinds.push(kind);
        if (kind === EntryKind.call) stream.write(frameOf(EntryKind.notTaken, callId, Buffer.alloc(0)));
      });
      stream.on('data', read);
      stream.pause();
      stalled = stream;
    });
    const client = clientOf(port);
    const path = 'x'.repeat(1_000_000);
    const leave = new AbortController();
    const given = Array.from({ length: 50 }, () => refusalOf(client.readSecret({ path }, { signal: leave.signal })));
    // What does not fit is refused at once, before anybody gives up.
    await given.at(-1);
    await expect.poll(() => stalled !== undefined).toBe(true);
    leave.abort();
    for (const error of await Promise.all(given)) expect(error.code).toBe('service_unavailable');
    stalled?.resume();
    await refusalOf(client.readSecret({ path: 'late' }));
    expect(kinds.filter((kind) => kind === EntryKind.call).length).toBeLessThan(10);
  });

  it('cannot fill the memory of the one that answers', async () => {
    let begun = 0;
    const port = await start(() => {
      begun += 1;
      return answerOf('y'.repeat(2_000_000));
    });
    const stream = openRaw(port);
    stream.on('error', () => {});
    const head = encodeHead(60_000, ['/scaivault.secrets.v1.SecretsService/ReadSecret']);
    const answered = new Set<number>();
    stream.on(
      'data',
      createEntryReader((_kind, callId) => answered.add(callId)),
    );
    stream.pause();
    for (let callId = 1; callId <= 60; callId += 1) {
      stream.write(frameOf(EntryKind.call, callId, head));
      await turn();
    }
    // One look a second and the same number twice: it has stopped taking calls.
    let before = 0;
    const hasStopped = (): boolean => {
      const is = begun > 0 && begun === before;
      before = begun;
      return is;
    };
    await expect.poll(hasStopped, { interval: 1_000, timeout: 10_000 }).toBe(true);
    expect(begun).toBeGreaterThanOrEqual(mostWaitingBytes / 2_000_000);
    expect(begun).toBeLessThan(40);
    stream.resume();
    await expect.poll(() => answered.size, { timeout: 30_000 }).toBe(60);
    stream.cancel();
  }, 60_000);
});

describe('a peer that sends nonsense', () => {
  const cutOff = Buffer.from([9, 0, 0, 0, EntryKind.call]);

  it('loses its stream, and the server lives on', async () => {
    const port = await start(({ path }) => answerOf(path));
    for (const nonsense of [
      cutOff,
      frameOf(EntryKind.call, 1, Buffer.alloc(3)),
      frameOf(EntryKind.answer, 1, cutOff),
    ]) {
      const stream = openRaw(port);
      const failed = new Promise<{ code: number }>((resolve) => {
        stream.on('error', (error) => resolve(error as unknown as { code: number }));
      });
      stream.write(nonsense);
      expect((await failed).code).toBe(status.INVALID_ARGUMENT);
    }
    expect((await clientOf(port).readSecret({ path: 'good' })).path).toBe('good');
  });

  it('gets no call twice, and its caller lives on', async () => {
    let calls = 0;
    const port = await startRaw((stream) => {
      const read = createEntryReader((_kind, callId) => {
        calls += 1;
        if (calls === 1) stream.write(cutOff);
        else if (calls === 2) stream.write(frameOf(EntryKind.answer, callId, Buffer.alloc(3)));
        else
          stream.write(frameOf(EntryKind.refusal, callId, Buffer.concat([encodeHead(0, []), Buffer.from('canary')])));
      });
      stream.on('data', read);
      stream.on('error', () => {});
    });
    const client = clientOf(port);
    expect((await refusalOf(client.readSecret({ path: 'a' }))).code).toBe('service_unavailable');
    expect((await refusalOf(client.readSecret({ path: 'a' }))).code).toBe('service_unavailable');
    const refusal = await refusalOf(client.readSecret({ path: 'a' }));
    expect(refusal.code).toBe('internal_error');
    expect(refusal.message).not.toContain('canary');
    expect(calls).toBe(3);
  });
});
