import { once } from 'node:events';
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP, type Socket } from 'node:net';

const authorizationOf = ({ username, password }: URL): Readonly<Record<string, string>> => {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
};

/**
 * A connection to `address` through a forward proxy (OUTBOUND_PROXY_URL), by CONNECT. The proxy is told the address and
 * not the name, so what was judged is what it dials. Rejects when it refuses.
 */
export const openTunnel = async (
  proxyUrl: string,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> => {
  const proxy = new URL(proxyUrl);
  const authority = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  const connecting = (proxy.protocol === 'https:' ? requestSecure : requestPlain)(proxy, {
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...authorizationOf(proxy) },
    agent: false,
    signal,
  });
  connecting.end();
  const [answer, socket, head] = (await once(connecting, 'connect', { signal })) as [
    { statusCode: number },
    Socket,
    Buffer,
  ];
  if (answer.statusCode !== 200) {
    socket.destroy();
    throw new Error(`The proxy answered ${answer.statusCode}.`);
  }
  if (head.length > 0) socket.unshift(head);
  return socket;
};
