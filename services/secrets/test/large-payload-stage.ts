import { randomBytes } from 'node:crypto';
import type { Database } from '@scaivault/db';
import { loadConfiguration } from '@scaivault/runtime';
import { type ScopeId, scopeId } from '@scaivault/tenancy';
import { describeWithComponent } from '@scaivault/testkit/component';
import { findS3, type TestS3 } from '@scaivault/testkit/s3';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { openObjectStore } from '../src/adapters/open-object-store.ts';
import { openVault, tenantA, type Vault } from './open-vault.ts';

export const canary = 'canary-7be02a';
export const thresholdBytes = 65_536;
export const maxDataBytes = 1_048_576;
export const owner = scopeId(tenantA);

/** A value of exactly so many bytes, unlike any other. */
export const sized = (bytes: number): Buffer => {
  const start = `{"${canary}":"${randomBytes(8).toString('hex')}`;
  return Buffer.from(`${start}${'x'.repeat(bytes - start.length - 2)}"}`);
};
export const large = (): Buffer => sized(100_000);

interface StoredRow {
  readonly version: number;
  readonly inRow: boolean;
  readonly objectKey: string | null;
}

/** A vault whose large values lie in the store under test, and what tests do behind its back. */
export interface LargePayloadStage {
  readonly vault: Vault;
  /** What happens between an object and its row, until the end of the test. */
  afterPut: () => Promise<void>;
  rowsOf(path: string): Promise<readonly StoredRow[]>;
  /** The key of the object of a version. */
  keyOf(path: string, version?: number): Promise<string>;
  objectOf(key: string, scope?: ScopeId): Promise<Buffer>;
  looseKeys(): Promise<readonly string[]>;
  /** Makes everything loose due for the sweep. */
  makeLooseDue(): Promise<void>;
  expectReadable(path: string, data: Buffer, version?: number): Promise<void>;
}

const createStage = async (env: Readonly<Record<string, string>>): Promise<LargePayloadStage> => {
  const openObjects = async (db: Database) => {
    const objects = await openObjectStore(loadConfiguration(env), db);
    return {
      ...objects,
      put: async (...args: Parameters<typeof objects.put>) => {
        await objects.put(...args);
        await stage.afterPut();
      },
    };
  };
  const vault = await openVault({ maxDataBytes, thresholdBytes, openObjects });
  const { admin } = vault;
  const stage: LargePayloadStage = {
    vault,
    afterPut: () => Promise.resolve(),
    rowsOf: async (path) =>
      await admin<StoredRow[]>`
        select version, data_ct is not null as "inRow", object_key as "objectKey"
        from secrets.version where path = ${path} order by version`,
    keyOf: async (path, version = 1) => {
      const row = (await stage.rowsOf(path)).find((stored) => stored.version === version);
      return row?.objectKey ?? expect.unreachable(`version ${version} of ${path} has no object`);
    },
    objectOf: async (key, scope = owner) =>
      (await vault.objects.get(scope, key)) ?? expect.unreachable(`there is no object ${key}`),
    looseKeys: async () =>
      (await admin<{ key: string }[]>`select key from secrets.loose_object order by key`).map(({ key }) => key),
    makeLooseDue: async () => {
      await admin`update secrets.loose_object set due_at = to_timestamp(0) where claim = 0`;
    },
    expectReadable: async (path, data, version) => {
      expect((await vault.read(path, version)).json).toEqual(JSON.parse(data.toString()));
    },
  };
  return stage;
};

const onStage = (
  env: () => Readonly<Record<string, string>>,
  define: (stage: () => LargePayloadStage) => void,
): void => {
  let stage: LargePayloadStage;
  beforeAll(async () => {
    stage = await createStage(env());
  });
  afterAll(() => stage.vault.close());
  afterEach(() => {
    stage.vault.logLines.length = 0;
    stage.afterPut = () => Promise.resolve();
  });
  define(() => stage);
};

/** A suite on a real S3 server; `env` configures a bucket of its own. */
export const describeWithBucket = (
  name: string,
  define: (s3: () => TestS3, env: () => Readonly<Record<string, string>>) => void,
): void => {
  describe(name, () => {
    describeWithComponent(findS3(), (start) => {
      let s3: TestS3;
      let env: Record<string, string>;
      beforeAll(async () => {
        s3 = await start();
        const { endpoint, region, accessKeyId, secretAccessKey } = s3.access;
        env = {
          S3_ENDPOINT: endpoint,
          S3_REGION: region,
          S3_ACCESS_KEY_ID: accessKeyId,
          S3_SECRET_ACCESS_KEY: secretAccessKey,
          S3_FORCE_PATH_STYLE: 'true',
          S3_BUCKET: await s3.createBucket(),
        };
      });
      afterAll(() => s3[Symbol.asyncDispose]());
      define(
        () => s3,
        () => env,
      );
    });
  });
};

/** The same suite with the objects in the database and in a bucket. */
export const describeOnEveryObjectStore = (name: string, define: (stage: () => LargePayloadStage) => void): void => {
  describe(`${name}, objects in the database`, () => {
    onStage(() => ({}), define);
  });
  describeWithBucket(`${name}, objects in a bucket`, (_s3, env) => {
    onStage(env, define);
  });
};
