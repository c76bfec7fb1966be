import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpConnection, openHttpConnection } from './http-connection.ts';

const request = 'GET / HTTP/1.1\r\n\r\n';
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A connection to a server that does as it is told with each request. */
const open = async (answer: (socket: Socket) => void): Promise<HttpConnection> => {
  const server = createServer((socket) => void socket.on('data', () => answer(socket)).on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = await openHttpConnection('127.0.0.1', (server.address() as AddressInfo).port);
  closers.push(
    () => connection.close(),
    () => server.close(),
  );
  return connection;
};

describe('a connection', () => {
  it('has an answer when its last byte is there, however it comes', async () => {
    const pieces = ['HTTP/1.1 403 Forbid', 'den\r\nContent-Length: 5\r', '\n\r\nab', 'cde'];
    let sent = 0;
    const connection = await open((socket) => {
      const sendNext = (): void => {
        const piece = pieces[sent++ % pieces.length] ?? '';
        socket.write(piece, () => {
          if (sent % pieces.length !== 0) setImmediate(sendNext);
        });
      };
      sendNext();
    });
    expect(await connection.ask(request)).toBe(403);
    expect(sent).toBe(4);
    expect(await connection.ask(request)).toBe(403);
    expect(sent).toBe(8);
  });

  it('takes an answer without content', async () => {
    const connection = await open((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    expect(await connection.ask(request)).toBe(204);
  });

  it.each([
    ['an answer of unknown length', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', /without length/],
    ['more than one answer', 'HTTP/1.1 204 No Content\r\n\r\n!', /More was answered/],
  ])('refuses %s', async (_what, text, message) => {
    const connection = await open((socket) => socket.write(text));
    await expect(connection.ask(request)).rejects.toThrow(message);
  });

  it('does not wait for an answer that cannot come any more', async () => {
    const connection = await open((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'));
    await expect(connection.ask(request)).rejects.toThrow('closed');
  });
});
