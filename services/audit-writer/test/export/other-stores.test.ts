import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createOutbound } from '@scaivault/outbound';
import { jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOpenStore } from '../../src/adapters/export/open-store.ts';
import { toUpload } from '../../src/app/export/to-upload.ts';
import { readCredentials } from '../../src/domain/export/credentials.ts';
import { type DestinationType, readDestination } from '../../src/domain/export/destination.ts';
import { outboundConfig } from './open-exports.ts';

/** A store on loopback that looks at what it is sent before it keeps it. */
interface TestStore {
  readonly origin: string;
  readonly files: Map<string, string>;
  readonly requests: IncomingMessage[];
  /** The status of a request, once its body has come. */
  answer: (request: IncomingMessage, body: Buffer) => Promise<{ status: number; body?: object }> | { status: number };
}

let server: Server;
let store: TestStore;
let nowMs: number;
beforeAll(async () => {
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    store.requests.push(request);
    const { status, body: told }: { status: number; body?: object } = await store.answer(request, body);
    if (request.url !== '/token' && status < 300) store.files.set(request.url ?? '', String(body));
    response.writeHead(status).end(JSON.stringify(told ?? {}));
  };
  server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
beforeEach(() => {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  store = { origin, files: new Map(), requests: [], answer: () => ({ status: 201 }) };
  nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const md5 = (body: Buffer): string => createHash('md5').update(body).digest('base64');

const open = (type: DestinationType, secret: object) => {
  const credentials = readCredentials(type, new TextEncoder().encode(JSON.stringify(secret)));
  return createOpenStore(createOutbound({ config: outboundConfig }), () => nowMs)({ bucket: 'trail' }, credentials);
};
const put = async (type: DestinationType, secret: object, names = ['keys.json']): Promise<void> => {
  const opened = await open(type, secret);
  const destination = readDestination(type, 'trail', 'year=2026', 'exp_1');
  for (const name of names) await opened.put(toUpload({ destination }, name, ['{"a":', '"ü"}']), 5_000);
};

describe('a container of Azure', () => {
  const accountKey = randomBytes(64).toString('base64');
  const secretOf = (more: object = { account_key: accountKey }) => ({
    account_name: 'trailaccount',
    endpoint: store.origin,
    ...more,
  });

  /** Shared Key as Microsoft describes it, over the request as it has come. */
  const isSigned = ({ method, headers, url = '' }: IncomingMessage, key: string): boolean => {
    const value = (name: string): string => String(headers[name] ?? '');
    const standard = [
      'content-encoding',
      'content-language',
      'content-length',
      'content-md5',
      'content-type',
      'date',
      'if-modified-since',
      'if-match',
      'if-none-match',
      'if-unmodified-since',
      'range',
    ].map(value);
    const own = Object.entries(headers)
      .filter(([name]) => name.startsWith('x-ms-'))
      .map(([name, text]) => `${name}:${String(text)}`)
      .toSorted();
    const text = [method, ...standard, ...own, `/trailaccount${url.split('?')[0]}`].join('\n');
    const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
    return headers.authorization === `SharedKey trailaccount:${signature}`;
  };

  it('takes files signed with the key of the account', async () => {
    store.answer = (request, body) => {
      const { headers } = request;
      expect(headers).toMatchObject({
        'x-ms-blob-type': 'BlockBlob',
        'x-ms-date': 'Fri, 02 Jan 2026 03:04:05 GMT',
        'x-ms-version': expect.stringMatching(/^20\d\d-\d\d-\d\d$/),
        'content-md5': md5(body),
      });
      return { status: isSigned(request, accountKey) ? 201 : 403 };
    };
    await put('azure_blob', secretOf());
    expect([...store.files]).toEqual([['/trail/year%3D2026/exp_1/keys.json', '{"a":"ü"}']]);
    const wrong = secretOf({ account_key: randomBytes(64).toString('base64') });
    await expect(put('azure_blob', wrong)).rejects.toMatchObject({ reason: 'access_denied' });
  });

  it('takes files with a shared access signature', async () => {
    await put('azure_blob', secretOf({ sas_token: '?sv=2022-11-02&sig=a%2Fb%3D' }));
    expect([...store.files.keys()]).toEqual(['/trail/year%3D2026/exp_1/keys.json?sv=2022-11-02&sig=a%2Fb%3D']);
    expect(store.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each([[{}], [{ account_key: 'a2V5', sas_token: 'sv=1' }], [{ account_key: 'no base64!' }], [{ account_key: 7 }]])(
    'has no credentials in %j',
    async (members) => {
      await expect(async () => open('azure_blob', secretOf(members))).rejects.toMatchObject({
        code: 'invalid_config',
        details: { field: 'destination.credentials_path', reason: 'invalid_credentials' },
      });
    },
  );
});

describe('a bucket of Google', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const email = 'writer@project.iam.gserviceaccount.com';
  const secretOf = (more: object = {}) => ({
    type: 'service_account',
    client_email: email,
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    private_key_id: 'key-1',
    token_uri: `${store.origin}/token`,
    endpoint: store.origin,
    ...more,
  });
  let tokens: number;
  /** What the store says of the content that has come. */
  let arriving: (body: Buffer) => string;
  beforeEach(() => {
    tokens = 0;
    arriving = md5;
    store.answer = async ({ url, headers }, body) => {
      if (url !== '/token') {
        const status = headers.authorization === `Bearer token-${tokens}` ? 200 : 401;
        return { status, body: { kind: 'storage#object', md5Hash: arriving(body) } };
      }
      const form = new URLSearchParams(String(body));
      expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
      const { origin } = store;
      const expected = { issuer: email, audience: `${origin}/token`, currentDate: new Date(nowMs) };
      const claims = await jwtVerify(form.get('assertion') ?? '', publicKey, expected).catch(() => undefined);
      if (claims === undefined) return { status: 400, body: { error: 'invalid_grant' } };
      expect(claims.payload.scope).toBe('https://www.googleapis.com/auth/devstorage.read_write');
      expect(claims.protectedHeader).toMatchObject({ alg: 'RS256', kid: 'key-1' });
      tokens += 1;
      return { status: 200, body: { access_token: `token-${tokens}`, expires_in: 3_600 } };
    };
  });

  it('takes files with the token that the key is exchanged for, one for many files', async () => {
    await put('gcs', secretOf(), ['keys.json', 'manifest.json']);
    expect([...store.files]).toEqual(
      ['keys.json', 'manifest.json'].map((name) => [
        `/upload/storage/v1/b/trail/o?uploadType=media&name=year%3D2026%2Fexp_1%2F${name}`,
        '{"a":"ü"}',
      ]),
    );
    expect(tokens).toBe(1);
  });

  it('notices a file that has changed on its way', async () => {
    arriving = () => md5(Buffer.from('something else'));
    await expect(put('gcs', secretOf())).rejects.toMatchObject({ reason: 'refused' });
  });

  it('gets a new token before the old one ends', async () => {
    const opened = await open('gcs', secretOf());
    const destination = readDestination('gcs', 'trail', undefined, 'exp_1');
    const file = toUpload({ destination }, 'keys.json', ['{}']);
    for (const passedMs of [0, 3_000_000, 600_000]) {
      nowMs += passedMs;
      await opened.put(file, 5_000);
    }
    expect(tokens).toBe(2);
  });

  it('says that a key is refused, and what is no key', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const refused = secretOf({ private_key: other.export({ type: 'pkcs8', format: 'pem' }) });
    await expect(put('gcs', refused)).rejects.toMatchObject({ reason: 'access_denied' });
    const none = open(
      'gcs',
      secretOf({ private_key: '-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----' }),
    );
    const refusal = await none.catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'invalid_config', details: { reason: 'invalid_credentials' } });
    expect(JSON.stringify([refusal, String(refusal)])).not.toContain('canary');
    await expect(async () => open('gcs', secretOf({ client_email: undefined }))).rejects.toThrow('client_email');
  });

  it('has its addresses judged, that of the token too', async () => {
    for (const more of [{ token_uri: 'https://169.254.169.254/token' }, { endpoint: 'https://10.0.0.1' }])
      await expect(open('gcs', secretOf(more))).rejects.toMatchObject({
        code: 'invalid_config',
        details: { reason: 'target_not_allowed' },
      });
  });
});

describe('what a store answers', () => {
  it.each([
    [403, 'access_denied'],
    [404, 'bucket_not_found'],
    [400, 'refused'],
    [301, 'refused'],
    [429, 'unreachable'],
    [500, 'unreachable'],
    [503, 'unreachable'],
  ])('with %i says %s', async (status, reason) => {
    store.answer = () => ({ status });
    const secret = { endpoint: store.origin, access_key_id: 'a', secret_access_key: 'b', session_token: 'c' };
    await expect(put('s3', secret)).rejects.toMatchObject({ reason, message: expect.stringContaining(String(status)) });
    expect(store.requests[0]?.headers).toMatchObject({ 'x-amz-security-token': 'c' });
  });
});

it('puts the bucket in front of the host name where that is asked for', async () => {
  const port = (server.address() as AddressInfo).port;
  const secret = {
    endpoint: `http://localhost:${port}`,
    addressing: 'virtual',
    access_key_id: 'a',
    secret_access_key: 'b',
  };
  await put('s3', secret);
  expect(store.requests[0]).toMatchObject({
    url: '/year%3D2026/exp_1/keys.json',
    headers: { host: `trail.localhost:${port}` },
  });
});
