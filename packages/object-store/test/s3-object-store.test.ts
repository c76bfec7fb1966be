import { randomBytes } from 'node:crypto';
import type { ScopeId } from '@scaivault/tenancy';
import { describeWithComponent } from '@scaivault/testkit/component';
import { findS3, type TestS3 } from '@scaivault/testkit/s3';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ObjectStore } from '../src/index.ts';
import { openS3ObjectStore, type S3ObjectStoreOptions } from '../src/s3/open-s3-object-store.ts';
import { objectStoreContract } from './object-store-contract.ts';
import { s3FailureOf } from './s3-failure-of.ts';
import { openTcpGate, type TcpGateOptions } from './tcp-gate.ts';

const scope = 't:acme' as ScopeId;
const key = 'a'.repeat(64);
const timeoutMs = 3_000;
const largestBytes = 8 * 1024 * 1024;

describeWithComponent(findS3(), (start) => {
  let s3: TestS3;
  let bucket: string;

  beforeAll(async () => {
    s3 = await start();
    bucket = await s3.createBucket();
  });
  afterAll(() => s3[Symbol.asyncDispose]());

  const open = (options: Partial<S3ObjectStoreOptions> = {}): ObjectStore =>
    openS3ObjectStore({ ...s3.access, bucket, timeoutMs, largestBytes, ...options });

  const using = async (
    options: Partial<S3ObjectStoreOptions>,
    work: (store: ObjectStore) => Promise<void>,
  ): Promise<void> => {
    const store = open(options);
    try {
      await work(store);
    } finally {
      await store.close();
    }
  };

  const failureOf = (call: Promise<unknown>) =>
    s3FailureOf(call, [s3.access.accessKeyId, s3.access.secretAccessKey, new URL(s3.access.endpoint).host, bucket]);

  objectStoreContract('a bucket', async () => {
    const prefix = randomBytes(8).toString('hex');
    return {
      open: async () => open({ prefix }),
      answersWithinMs: timeoutMs + 500,
      ...(s3.outage === undefined ? {} : { outage: s3.outage }),
      dispose: async () => {},
    };
  });

  describe('a prefix', () => {
    it('keeps the installations that share a bucket apart', () =>
      using({ prefix: 'one' }, (one) =>
        using({ prefix: 'one/two' }, (two) =>
          using({}, async (none) => {
            await one.put(scope, key, Buffer.from('one'));
            expect([await two.get(scope, key), await none.get(scope, key)]).toEqual([undefined, undefined]);
            await two.delete(scope, key);
            expect(String(await one.get(scope, key))).toBe('one');
          }),
        ),
      ));
  });

  describe('what is not an object that is missing', () => {
    const everyCall = (store: ObjectStore): Promise<unknown>[] => [
      store.put(scope, key, Buffer.from('x')),
      store.get(scope, key),
      store.delete(scope, key),
      store.check(),
    ];

    it('is a bucket that is missing', () =>
      using({ bucket: 'scaivault-test-no-such-bucket' }, async (store) => {
        const failures = await Promise.all(everyCall(store).map(failureOf));
        expect(failures.map(({ httpStatus }) => httpStatus)).toEqual([404, 404, 404, 404]);
        expect(failures.slice(0, 3).map(({ kind }) => kind)).toEqual(Array(3).fill('NoSuchBucket'));
      }));

    it.each([
      ['a secret key', { secretAccessKey: 'wrong-canary' }],
      ['an access key', { accessKeyId: 'wrong-canary' }],
    ])('is %s that is wrong', (_what, wrong) =>
      using(wrong, async (store) => {
        const secrets = ['wrong-canary', s3.access.accessKeyId, s3.access.secretAccessKey];
        const failures = await Promise.all(everyCall(store).map((call) => s3FailureOf(call, secrets)));
        // S3 answers 403, versitygw 404 when it does not know the access key.
        for (const { httpStatus } of failures) expect([403, 404]).toContain(httpStatus);
        expect(failures.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1]);
      }),
    );
  });

  describe('the bound on the size of an object', () => {
    it('lets through what is just as large', () =>
      using({ largestBytes: 1_000 }, async (store) => {
        await store.put(scope, key, Buffer.alloc(1_000));
        expect(await store.get(scope, key)).toHaveLength(1_000);
      }));

    it('holds for what others have put', () =>
      using({}, async (generous) => {
        await generous.put(scope, key, Buffer.alloc(1_001));
        await using({ largestBytes: 1_000 }, async (store) => {
          expect((await failureOf(store.get(scope, key))).kind).toBe('AnswerTooLargeError');
        });
      }));

    it('refuses to put what could not be read back', () =>
      using({ largestBytes: 1_000 }, async (store) => {
        const putting = store.put(scope, 'b'.repeat(64), Buffer.alloc(1_001));
        await expect(putting).rejects.toMatchObject({ code: 'payload_too_large' });
        expect(await store.get(scope, 'b'.repeat(64))).toBeUndefined();
      }));
  });

  describe('an object that changes on its way', () => {
    const throughGate = async (
      change: Pick<TcpGateOptions, 'toServer' | 'toClient'>,
      work: (store: ObjectStore) => Promise<void>,
    ): Promise<void> => {
      const { hostname, port } = new URL(s3.access.endpoint);
      await using gate = await openTcpGate({ host: hostname, port: Number(port), ...change });
      await using({ endpoint: `http://127.0.0.1:${gate.port}` }, work);
    };
    const tamper = (piece: Buffer): Buffer =>
      Buffer.from(piece.toString('latin1').replace('written', 'changed'), 'latin1');
    const changing = 'c'.repeat(64);

    it('is refused by the server when it is put, and does not appear', async () => {
      const sent: string[] = [];
      const toServer = (piece: Buffer): Buffer => {
        sent.push(piece.toString('latin1'));
        return tamper(piece);
      };
      await throughGate({ toServer }, async (store) => {
        const failure = await failureOf(store.put(scope, changing, Buffer.from('as written')));
        expect(failure.httpStatus).toBe(400);
      });
      expect(sent.join('').toLowerCase()).toContain('x-amz-checksum-crc32: ');
      await using({}, async (store) => expect(await store.get(scope, changing)).toBeUndefined());
    });

    it('is refused by the client when it is read', () =>
      using({}, async (direct) => {
        await direct.put(scope, changing, Buffer.from('as written'));
        await throughGate({ toClient: tamper }, async (store) => {
          await failureOf(store.get(scope, changing));
        });
        expect(String(await direct.get(scope, changing))).toBe('as written');
      }));
  });

  describe('without keys in its options', () => {
    afterEach(() => void vi.unstubAllEnvs());

    it('finds them where the SDK looks', async () => {
      vi.stubEnv('AWS_ACCESS_KEY_ID', s3.access.accessKeyId);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.access.secretAccessKey);
      const { endpoint, region, forcePathStyle } = s3.access;
      const store = openS3ObjectStore({ endpoint, region, forcePathStyle, bucket, timeoutMs, largestBytes });
      await store.check();
      await store.close();
    });
  });
});
