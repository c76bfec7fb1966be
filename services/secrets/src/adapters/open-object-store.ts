import { envelopeBytes } from '@scaivault/crypto';
import type { Database } from '@scaivault/db';
import { createDatabaseObjectStore, type ObjectStore } from '@scaivault/object-store';
import { type Configuration, ConfigurationError } from '@scaivault/runtime';

type ObjectStoreSettings = Pick<
  Configuration,
  'S3_ENDPOINT' | 'S3_BUCKET' | 'S3_REGION' | 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY' | 'S3_FORCE_PATH_STYLE'
>;

/** Half of what a hop between services may take by default (RPC_TIMEOUT): the rest of the call needs time as well. */
const timeoutMs = 5_000;
/** Of the largest value that SECRET_MAX_BYTES can allow; a lower setting must not hide what was stored under a higher. */
const largestBytes = envelopeBytes(8_388_608);

const openBucket = async (config: ObjectStoreSettings, bucket: string): Promise<ObjectStore> => {
  if (bucket === '') throw new ConfigurationError('S3_BUCKET', 'is empty; name a bucket, or leave it out');
  if (config.S3_REGION === '') throw new ConfigurationError('S3_REGION', 'is empty; name the region of the bucket');
  const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY_ID: accessKeyId } = config;
  const secretAccessKey = config.S3_SECRET_ACCESS_KEY?.reveal();
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    const missing = accessKeyId === undefined ? 'S3_ACCESS_KEY_ID' : 'S3_SECRET_ACCESS_KEY';
    throw new ConfigurationError(missing, 'is missing; give both halves of the access key, or none');
  }
  // Not loaded by those who have no bucket.
  const { openS3ObjectStore } = await import('@scaivault/object-store/s3');
  return openS3ObjectStore({
    bucket,
    region: config.S3_REGION,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined ? {} : { accessKeyId, secretAccessKey }),
    timeoutMs,
    largestBytes,
  });
};

/** A bucket for everything new; what was stored before there was one is still in the database. */
const inFrontOf = (database: ObjectStore, bucket: ObjectStore): ObjectStore => ({
  ...bucket,
  get: async (scopeId, key) => (await bucket.get(scopeId, key)) ?? (await database.get(scopeId, key)),
  async delete(scopeId, key) {
    await bucket.delete(scopeId, key);
    await database.delete(scopeId, key);
  },
  async close() {
    await bucket.close();
    await database.close();
  },
});

/**
 * The store of large ciphertexts that the configuration names: a bucket, or without one the database. Settings that
 * contradict each other stop the start; whether the bucket can be used shows only when it is asked.
 */
export const openObjectStore = async (
  config: ObjectStoreSettings,
  db: Pick<Database, 'sql' | 'withScope'>,
): Promise<ObjectStore> => {
  const database = createDatabaseObjectStore(db);
  if (config.S3_BUCKET !== undefined) return inFrontOf(database, await openBucket(config, config.S3_BUCKET));
  for (const name of ['S3_ENDPOINT', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const) {
    if (config[name] !== undefined) throw new ConfigurationError('S3_BUCKET', `is needed when ${name} is set`);
  }
  return database;
};
