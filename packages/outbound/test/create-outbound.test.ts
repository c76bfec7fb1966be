import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { createDevelopmentAuthority, type DevelopmentAuthority } from '@scaivault/crypto/development-authority';
import { Secret } from '@scaivault/runtime';
import { beforeAll, describe, expect, it } from 'vitest';
import { createOutbound, type OutboundOptions } from '../src/index.ts';
import { openReceiver } from './receiver.ts';

type Config = OutboundOptions['config'];

const config = (changes: Partial<Config> = {}): Config => ({
  OUTBOUND_ALLOWED_CIDRS: ['127.0.0.1/32'],
  OUTBOUND_PROXY_URL: undefined,
  ALLOW_INSECURE_TARGETS: false,
  ...changes,
});
const strict = config({ OUTBOUND_ALLOWED_CIDRS: [] });
const post = {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-one': '1' },
  body: '{"a":"ü"}',
} as const;
const nowhere = () => Promise.resolve([]);
const to =
  (...addresses: string[]) =>
  () =>
    Promise.resolve(addresses);

describe('check', () => {
  const refusal = { code: 'invalid_config', details: { field: 'url', reason: 'target_not_allowed' } };

  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.1/',
    'https://127.0.0.1./',
    'https://%31%32%37.0.0.1/',
    'https://①②⑦.⓪.⓪.①/',
    'https:127.0.0.1',
    'https:\\\\127.0.0.1\\',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://169.254.169.254/latest/meta-data',
    'https://[fe80::1]/',
    'https://0/',
    'http://8.8.8.8/',
    'http://receiver.example/',
  ])('refuses %s', async (url) => {
    await expect(createOutbound({ config: strict, resolveHost: nowhere }).check('url', url)).rejects.toMatchObject(
      refusal,
    );
  });

  it('refuses a name as soon as one of its addresses is refused', async () => {
    const { check } = createOutbound({ config: strict, resolveHost: to('8.8.8.8', '10.0.0.1') });
    await expect(check('url', 'https://bücher.example/')).rejects.toMatchObject(refusal);
  });

  it.each([
    'ftp://receiver.example/',
    'receiver.example',
    'https://user@receiver.example/',
    'https://:pw@8.8.8.8/',
    'https://./',
  ])('does not take %s for a target', async (url) => {
    const { check } = createOutbound({ config: strict, resolveHost: nowhere });
    await expect(check('url', url)).rejects.toMatchObject({ code: 'validation_error' });
  });

  it('takes https to public addresses and to names that lead nowhere yet', async () => {
    await createOutbound({ config: strict, resolveHost: to('8.8.8.8') }).check(
      'url',
      'https://receiver.example/hook?a=1',
    );
    await createOutbound({ config: strict, resolveHost: nowhere }).check('url', 'https://receiver.example/');
    const failing = () => Promise.reject(new Error('no name server'));
    await createOutbound({ config: strict, resolveHost: failing }).check('url', 'https://receiver.example/');
  });

  it('takes http to excepted addresses, and to public ones where that is allowed', async () => {
    await createOutbound({ config: config(), resolveHost: to('127.0.0.1') }).check('url', 'http://receiver.example/');
    const insecure = config({ OUTBOUND_ALLOWED_CIDRS: [], ALLOW_INSECURE_TARGETS: true });
    await createOutbound({ config: insecure, resolveHost: to('8.8.8.8') }).check('url', 'http://receiver.example/');
    await expect(
      createOutbound({ config: insecure, resolveHost: to('127.0.0.1') }).check('url', 'http://receiver.example/'),
    ).rejects.toMatchObject(refusal);
  });
});

describe('send', () => {
  let authority: DevelopmentAuthority;
  beforeAll(async () => {
    authority = await createDevelopmentAuthority();
  });

  it('posts the body as it is, under the name that was asked for', async () => {
    let body = '';
    await using receiver = await openReceiver((request, response) => {
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => response.writeHead(202).end('fine'));
    });
    const { send } = createOutbound({ config: config(), resolveHost: to('127.0.0.1') });
    expect(await send(`http://receiver.example.:${receiver.port}/hook?a=1`, post, 5_000)).toBe(202);
    expect(body).toBe(post.body);
    expect(receiver.requests[0]?.url).toBe('/hook?a=1');
    expect(receiver.requests[0]?.headers).toMatchObject({
      host: `receiver.example:${receiver.port}`,
      'x-one': '1',
      'content-length': String(Buffer.byteLength(post.body)),
    });
  });

  it('puts a body in pieces, and hands the answer to who asks for it', async () => {
    let received = '';
    await using receiver = await openReceiver((request, response) => {
      request.on('data', (chunk) => (received += String(chunk)));
      request.on('end', () => response.writeHead(201).end('{"a":1}'));
    });
    const outbound = createOutbound({ config: config() });
    const put = { method: 'PUT', headers: {}, body: ['one ', 'two'].map((piece) => Buffer.from(piece)) } as const;
    const answer = await outbound.ask(`http://127.0.0.1:${receiver.port}/a`, put, 1_000);
    expect([answer.status, String(answer.body), received]).toEqual([201, '{"a":1}', 'one two']);
    expect(receiver.requests[0]).toMatchObject({ method: 'PUT', headers: { 'content-length': '7' } });
  });

  it('keeps no more than 64 KiB of an answer', async () => {
    await using receiver = await openReceiver((_request, response) => response.end('x'.repeat(200_000)));
    const outbound = createOutbound({ config: config() });
    const { body } = await outbound.ask(`http://127.0.0.1:${receiver.port}/`, post, 1_000);
    expect(body.length).toBeLessThanOrEqual(65_536);
  });

  it('checks the certificate against the name, on a connection to the judged address', async () => {
    const identity = await authority.issue('receiver.example');
    await using receiver = await openReceiver((_request, response) => response.end(), { identity });
    const { send } = createOutbound({ config: config(), resolveHost: to('127.0.0.1'), roots: [authority.certificate] });
    expect(await send(`https://receiver.example:${receiver.port}/`, post, 5_000)).toBe(200);
    for (const host of ['other.example', '127.0.0.1'])
      await expect(send(`https://${host}:${receiver.port}/`, post, 5_000)).rejects.toMatchObject({ failure: 'tls' });
    expect(receiver.requests).toHaveLength(1);
    const untrusting = createOutbound({ config: config(), resolveHost: to('127.0.0.1') });
    await expect(untrusting.send(`https://receiver.example:${receiver.port}/`, post, 5_000)).rejects.toMatchObject({
      failure: 'tls',
    });
  });

  it('dials the address that it has judged, whatever the name leads to a moment later', async () => {
    await using judged = await openReceiver((_request, response) => response.end());
    await using rebound = await openReceiver((_request, response) => response.end(), {
      host: '127.0.0.2',
      port: judged.port,
    });
    let lookups = 0;
    const resolveHost = () => {
      lookups += 1;
      return Promise.resolve([lookups === 1 ? '127.0.0.1' : '127.0.0.2']);
    };
    const { send } = createOutbound({ config: config(), resolveHost });
    expect(await send(`http://receiver.example:${judged.port}/`, post, 5_000)).toBe(200);
    await expect(send(`http://receiver.example:${judged.port}/`, post, 5_000)).rejects.toMatchObject({
      failure: 'blocked_target',
    });
    expect([lookups, judged.connections(), rebound.connections()]).toEqual([2, 1, 0]);
  });

  it('tries the next address when the first does not answer', async () => {
    await using receiver = await openReceiver((_request, response) => response.end());
    const allowed = config({ OUTBOUND_ALLOWED_CIDRS: ['127.0.0.0/8'] });
    const { send } = createOutbound({ config: allowed, resolveHost: to('127.0.0.9', '127.0.0.1') });
    expect(await send(`http://receiver.example:${receiver.port}/`, post, 5_000)).toBe(200);
  });

  it('follows no redirect', async () => {
    await using other = await openReceiver((_request, response) => response.end());
    await using receiver = await openReceiver((_request, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${other.port}/` }).end(),
    );
    const { send } = createOutbound({ config: config() });
    expect(await send(`http://127.0.0.1:${receiver.port}/`, post, 5_000)).toBe(307);
    expect(other.connections()).toBe(0);
  });

  it('reads no more than 64 KiB of an endless answer', async () => {
    let written = 0;
    let closed: Promise<unknown> = Promise.resolve();
    await using receiver = await openReceiver((_request, response) => {
      closed = once(response, 'close');
      const chunk = Buffer.alloc(16_384);
      const write = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
        response.once('drain', write);
      };
      write();
    });
    const { send } = createOutbound({ config: config() });
    expect(await send(`http://127.0.0.1:${receiver.port}/`, post, 5_000)).toBe(200);
    await closed;
    // What lies in the buffers of two sockets comes on top.
    expect(written).toBeLessThan(16_777_216);
  });

  it.each([
    ['never answers', 'http', () => undefined],
    ['never shakes hands', 'https', () => undefined],
    ['drips its headers', 'http', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nx-a: ')],
  ])('gives a receiver up in time that %s', async (_what, scheme, talk) => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {});
      talk(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { send } = createOutbound({ config: config() });
    const begin = performance.now();
    await expect(send(`${scheme}://127.0.0.1:${port}/`, post, 150)).rejects.toMatchObject({ failure: 'timeout' });
    expect(performance.now() - begin).toBeLessThan(2_000);
    server.close();
  });

  it('counts the lookup into its time', async () => {
    const { send } = createOutbound({ config: config(), resolveHost: () => new Promise(() => {}) });
    await expect(send('https://receiver.example/', post, 50)).rejects.toMatchObject({ failure: 'timeout' });
  });

  it('tells a refused connection and a name without address from a blocked target', async () => {
    const { send } = createOutbound({ config: config(), resolveHost: nowhere });
    await expect(send('http://127.0.0.1:1/', post, 5_000)).rejects.toMatchObject({ failure: 'connect' });
    await expect(send('https://receiver.example/', post, 5_000)).rejects.toMatchObject({ failure: 'connect' });
    await expect(send('https://10.0.0.1/', post, 5_000)).rejects.toMatchObject({ failure: 'blocked_target' });
  });

  it('asks a forward proxy for the judged address, but not for excepted ones', async () => {
    const identity = await authority.issue('receiver.example');
    await using receiver = await openReceiver((_request, response) => response.end(), { identity });
    const asked: unknown[] = [];
    const proxy = createServer().on('connect', (request, client) => {
      asked.push([request.url, request.headers['proxy-authorization']]);
      const upstream = connect(receiver.port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const withProxy = config({ OUTBOUND_PROXY_URL: new Secret(`http://us:p%40w@127.0.0.1:${port}`) });
    const roots = [authority.certificate];
    const distant = createOutbound({ config: withProxy, resolveHost: to('8.8.8.8'), roots });
    expect(await distant.send('https://receiver.example:8443/', post, 5_000)).toBe(200);
    expect(asked).toEqual([['8.8.8.8:8443', `Basic ${Buffer.from('us:p@w').toString('base64')}`]]);

    const near = createOutbound({ config: withProxy, resolveHost: to('127.0.0.1'), roots });
    expect(await near.send(`https://receiver.example:${receiver.port}/`, post, 5_000)).toBe(200);
    expect(asked).toHaveLength(1);
    proxy.closeAllConnections();
    proxy.close();
  });
});
