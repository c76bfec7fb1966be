import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { DetailedHealthSchema, type SystemService } from '@scaivault/contracts/secrets/v1/system';
import { productVersion } from '@scaivault/runtime';
import type { createReadHealth } from '../app/read-health.ts';

const latencyOf = (latencyMs: number | null) => (latencyMs === null ? {} : { latencyMs });

/** The health report over the wire (rest-api-core 12). */
export const createSystemRpc = ({
  readHealth,
}: {
  readonly readHealth: ReturnType<typeof createReadHealth>;
}): ServiceImpl<typeof SystemService> => ({
  getDetailedHealth: async () => {
    const { status, database, redis, encryption, objectStore, audit } = await readHealth();
    const { poolSize, poolAvailable } = database;
    return create(DetailedHealthSchema, {
      status,
      version: productVersion.version,
      uptimeSeconds: BigInt(Math.floor(performance.now() / 1000)),
      checks: {
        database: { status: database.status, ...latencyOf(database.latencyMs), poolSize, poolAvailable },
        ...(redis === undefined
          ? {}
          : {
              redis: {
                status: redis.status,
                ...latencyOf(redis.latencyMs),
                ...(redis.memoryUsedMb === null ? {} : { memoryUsedMb: redis.memoryUsedMb }),
              },
            }),
        encryption: { status: encryption.status, keyStatus: encryption.status === 'ok' ? 'active' : 'unavailable' },
        ...(objectStore === undefined
          ? {}
          : { s3: { status: objectStore.status, ...latencyOf(objectStore.latencyMs) } }),
        audit: { status: audit.status, journalBacklog: audit.journalBacklog },
      },
    });
  },
});
