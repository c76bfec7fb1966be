import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import type { ScopeId } from '@scaivault/tenancy';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ObjectStore } from '../src/index.ts';
import { openS3ObjectStore } from '../src/s3/open-s3-object-store.ts';
import { canary, type OddServer, refuse, startOddServer } from './odd-server.ts';
import { s3FailureOf } from './s3-failure-of.ts';

const scope = 't:acme' as ScopeId;
const key = 'a'.repeat(64);
const slackMs = 400;

const secretsOf = ({ endpoint }: OddServer): string[] => [
  canary,
  'access-key-id-canary',
  'upstream-text-canary',
  new URL(endpoint).host,
];
const failureOf = (server: OddServer, call: (store: ObjectStore) => Promise<unknown>) =>
  s3FailureOf(call(server.store), secretsOf(server));

const get = (store: ObjectStore) => store.get(scope, key);
const put = (store: ObjectStore) => store.put(scope, key, Buffer.alloc(100_000));
const remove = (store: ObjectStore) => store.delete(scope, key);
const check = (store: ObjectStore) => store.check();
const calls = [
  ['get', get],
  ['put', put],
  ['delete', remove],
  ['check', check],
] as const;

const timed = async <Result>(work: Promise<Result>): Promise<{ result: Result; ms: number }> => {
  const started = performance.now();
  const result = await work;
  return { result, ms: performance.now() - started };
};

function* pieces(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024, 'x');
}

/** Writes until the other side has had enough. */
const writeForEver = (response: ServerResponse): void => {
  pipeline(Readable.from(pieces()), response, () => {});
};

describe('an answer that is not "no such object"', () => {
  it.each([
    ['denied access', 403, 'AccessDenied'],
    ['a missing bucket', 404, 'NoSuchBucket'],
    ['a missing key under another status code of its own', 404, 'NoSuchUpload'],
    ['an object in cold storage', 403, 'InvalidObjectState'],
  ])('is %s', async (_what, status, code) => {
    await using server = await startOddServer((_request, response) => refuse(response, status, code));
    const failure = await failureOf(server, get);
    expect(failure).toMatchObject({ kind: code, httpStatus: status, requestId: 'REQUEST0ID', attempts: 1 });
    expect(failure.message).toBe(`get: ${code} ${status}`);
  });

  it.each([
    ['the page of a proxy', '<html><body>Not Found</body></html>'],
    ['an empty body', ''],
    ['no XML', '{"code":"NoSuchKey"}'],
  ])('is a 404 with %s', async (_what, body) => {
    await using server = await startOddServer((_request, response) => void response.writeHead(404).end(body));
    expect((await failureOf(server, get)).httpStatus).toBe(404);
  });

  it('is a redirect, which nobody follows', async () => {
    await using elsewhere = await startOddServer((_request, response) => void response.end('followed'));
    await using server = await startOddServer((_request, response) => {
      response.writeHead(307, { location: `${elsewhere.endpoint}/bucket` }).end();
    });
    for (const [, call] of calls) expect((await failureOf(server, call)).httpStatus).toBe(307);
    expect(elsewhere.requests).toHaveLength(0);
  });

  it('is a code that is no word, which stays out of the log', async () => {
    await using server = await startOddServer((_request, response) => refuse(response, 400, 'a whole sentence'));
    expect((await failureOf(server, get)).kind).toBe('Error');
  });
});

describe('a missing object', () => {
  it('is what the server calls so', async () => {
    await using server = await startOddServer((_request, response) => refuse(response, 404, 'NoSuchKey'));
    expect(await get(server.store)).toBeUndefined();
  });

  it('counts as deleted when the server minds', async () => {
    await using server = await startOddServer((_request, response) => refuse(response, 404, 'NoSuchKey'));
    await remove(server.store);
  });

  it('is no excuse when an object is put', async () => {
    await using server = await startOddServer((_request, response) => refuse(response, 404, 'NoSuchKey'));
    await failureOf(server, put);
  });
});

describe('a server in trouble', () => {
  it('that is not there is knocked at three times', async () => {
    const server = await startOddServer(() => {});
    await server.stop();
    expect(await failureOf(server, get)).toMatchObject({ systemCode: 'ECONNREFUSED', attempts: 3 });
    await server.store.close();
  });

  it.each(calls)('is asked three times by %s and no more', async (_name, call) => {
    await using server = await startOddServer((_request, response) => refuse(response, 500, 'InternalError'), {
      timeoutMs: 5_000,
    });
    expect((await failureOf(server, call)).httpStatus).toBe(500);
    expect(server.requests).toHaveLength(3);
  });

  it('is forgiven when it answers the next time', async () => {
    await using server = await startOddServer(
      (_request, response) => (server.requests.length === 1 ? refuse(response, 503, 'SlowDown') : response.end('late')),
      { timeoutMs: 5_000 },
    );
    expect(String(await get(server.store))).toBe('late');
  });

  it('is not waited for longer than the deadline, whatever it asks for', async () => {
    await using server = await startOddServer((_request, response) => {
      response.setHeader('retry-after', '30');
      refuse(response, 503, 'SlowDown');
    });
    expect((await timed(failureOf(server, get))).ms).toBeLessThan(500 + slackMs);
  });
});

describe('a server that hangs', () => {
  it.each(calls)('costs %s its deadline and no connection', async (_name, call) => {
    await using server = await startOddServer(() => {});
    const { result, ms } = await timed(failureOf(server, call));
    expect(result.kind).toBe('DeadlineError');
    expect(ms).toBeGreaterThan(450);
    expect(ms).toBeLessThan(500 + slackMs);
    await expect.poll(() => server.connections()).toBe(0);
  });

  it('in the middle of an object costs the deadline and no connection', async () => {
    await using server = await startOddServer((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
    });
    const { result, ms } = await timed(failureOf(server, get));
    expect(result.kind).toBe('DeadlineError');
    expect(ms).toBeLessThan(500 + slackMs);
    await expect.poll(() => server.connections()).toBe(0);
  });

  it('in the middle of a refusal costs the deadline', async () => {
    await using server = await startOddServer((_request, response) => {
      response.writeHead(403, { 'content-length': 100 });
      response.write('<Error>');
    });
    expect((await failureOf(server, get)).kind).toBe('DeadlineError');
  });

  it('up in the middle of an object is a failure, not a short object', async () => {
    await using server = await startOddServer((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    });
    await failureOf(server, get);
  });
});

describe('an answer that is too long', () => {
  it('is refused as soon as the server says how long it is', async () => {
    await using server = await startOddServer((_request, response) => {
      response.writeHead(200, { 'content-length': 1024 ** 4 }).flushHeaders();
    });
    expect(await failureOf(server, get)).toMatchObject({ kind: 'AnswerTooLargeError', attempts: 1 });
    await expect.poll(() => server.connections()).toBe(0);
  });

  it.each([
    ['an object', 200, get],
    ['a refusal', 403, get],
    ['the answer to a put', 200, put],
  ])('is cut off when it goes on and on: %s', async (_what, status, call) => {
    await using server = await startOddServer(
      (_request, response) => {
        response.writeHead(status);
        writeForEver(response);
      },
      { timeoutMs: 10_000 },
    );
    const { result, ms } = await timed(failureOf(server, call));
    expect(result.kind).toBe('AnswerTooLargeError');
    expect(ms).toBeLessThan(5_000);
    await expect.poll(() => server.connections()).toBe(0);
    expect(server.bytesSent()).toBeLessThan(16 * 1024 * 1024);
  });
});

describe('a large object', () => {
  it('is put at once, on the connection that is there', async () => {
    await using server = await startOddServer((_request, response) => void response.end(), {
      largestBytes: 4 * 1024 * 1024,
      timeoutMs: 5_000,
    });
    await put(server.store);
    await server.store.put(scope, key, Buffer.alloc(4 * 1024 * 1024));
    expect(server.requests.map(({ headers }) => headers.expect)).toEqual([undefined, undefined]);
    expect(await server.connections()).toBe(1);
  });
});

describe('credentials', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('that have to be fetched from somebody who hangs are given up with the deadline', async () => {
    await using metadata = await startOddServer(() => {});
    vi.stubEnv('HOME', '/nonexistent');
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', metadata.endpoint);
    await using server = await startOddServer((_request, response) => void response.end('x'));
    const store = openS3ObjectStore({
      endpoint: server.endpoint,
      bucket: 'bucket',
      region: 'us-east-1',
      forcePathStyle: true,
      timeoutMs: 300,
      largestBytes: 10,
    });
    const { result, ms } = await timed(s3FailureOf(store.get(scope, key), secretsOf(server)));
    expect(result.kind).toBe('DeadlineError');
    expect(ms).toBeLessThan(300 + slackMs);
    expect(metadata.requests.length).toBeGreaterThan(0);
    await store.close();
  });
});
