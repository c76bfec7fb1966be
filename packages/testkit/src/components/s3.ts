import type { Component } from './component.ts';
import { findProgram } from './find-program.ts';
import { openS3Buckets, type S3Access } from './s3-buckets.ts';
import { startVersitygw } from './start-versitygw.ts';

export interface TestS3 extends AsyncDisposable {
  readonly access: S3Access;
  /** Makes an empty bucket, removed at the end; its name. */
  createBucket(): Promise<string>;
  /** All objects of a bucket by their names. */
  readBucket(bucket: string): Promise<ReadonlyMap<string, Buffer>>;
  /** Takes the server away and brings it back with its objects; left out where it is not ours. */
  readonly outage?: { begin(): Promise<void>; end(): Promise<void> };
}

const program = 'versitygw';

const startOwn = async (path: string): Promise<TestS3> => {
  const server = await startVersitygw(path);
  const buckets = openS3Buckets(server.access);
  return {
    access: server.access,
    createBucket: buckets.create,
    readBucket: buckets.read,
    outage: { begin: server.stop, end: server.start },
    [Symbol.asyncDispose]: server.remove,
  };
};

const useGiven = (access: S3Access): TestS3 => {
  const buckets = openS3Buckets(access);
  return {
    access,
    createBucket: buckets.create,
    readBucket: buckets.read,
    [Symbol.asyncDispose]: buckets.removeAll,
  };
};

/**
 * The S3 server of the tests: the one TEST_S3_URL names (with TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY and, when
 * it is not us-east-1, TEST_S3_REGION), or a versitygw of its own for each start.
 */
export const findS3 = (): Component<TestS3> => {
  const {
    TEST_S3_URL: endpoint = '',
    TEST_S3_REGION: region = 'us-east-1',
    TEST_S3_ACCESS_KEY_ID: accessKeyId = '',
    TEST_S3_SECRET_ACCESS_KEY: secretAccessKey = '',
  } = process.env;
  const name = 'an S3 server';
  if (endpoint !== '') {
    return accessKeyId === '' || secretAccessKey === ''
      ? { name, missing: 'TEST_S3_URL is set without TEST_S3_ACCESS_KEY_ID and TEST_S3_SECRET_ACCESS_KEY.' }
      : { name, start: async () => useGiven({ endpoint, region, accessKeyId, secretAccessKey, forcePathStyle: true }) };
  }
  const path = findProgram(program);
  return path === undefined
    ? { name, missing: `no ${program} on this machine; .ci/run shows how to get it, or name a server in TEST_S3_URL.` }
    : { name, start: () => startOwn(path) };
};
