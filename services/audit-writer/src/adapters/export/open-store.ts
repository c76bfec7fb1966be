import type { Outbound } from '@scaivault/outbound';
import { addressesOf } from '../../domain/export/credentials.ts';
import type { OpenStore } from '../../ports/exports.ts';
import { openAzureBlob } from './open-azure-blob.ts';
import { openGcs } from './open-gcs.ts';
import { openS3 } from './open-s3.ts';

/** Opens the bucket of an export; its addresses are judged here, and again with each file. 400 `invalid_config`. */
export const createOpenStore =
  (outbound: Outbound, nowMs: () => number): OpenStore =>
  async ({ bucket }, credentials) => {
    for (const address of addressesOf(credentials)) await outbound.check('destination.credentials_path', address);
    switch (credentials.type) {
      case 's3':
        return openS3(outbound, credentials, bucket, nowMs);
      case 'gcs':
        return await openGcs(outbound, credentials, bucket, nowMs);
      case 'azure_blob':
        return openAzureBlob(outbound, credentials, bucket, nowMs);
    }
  };
