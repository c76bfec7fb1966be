import { VaultError } from '@scaivault/errors';

export type DestinationType = 'gcs' | 'azure_blob' | 's3';

/** Where an export goes, as it was asked for (rest-api-core 7.2). */
export interface Destination {
  readonly type: DestinationType;
  /** Bucket or container. */
  readonly bucket: string;
  /** In front of the names of its files, ends with a slash. */
  readonly folder: string;
}

/** 400 `invalid_config` about a member of the request. */
export const unusable = (field: string, reason: string, message: string): VaultError =>
  new VaultError('invalid_config', message, { details: { field: `destination.${field}`, reason } });

/** Part of a host name or of a path, whatever the store: nothing in it has a meaning there. */
const bucketName = /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/;
/** Names that stores, proxies and file systems leave as they are; `year=2026` is usual. */
const folderName = /^(?!\.{1,2}$)[\w.=-]+$/;

/** Reads where an export with that id shall go. 400 `invalid_config` for names that are none. */
export const readDestination = (
  type: DestinationType,
  bucket: string,
  prefix: string | undefined,
  exportId: string,
): Destination => {
  if (!bucketName.test(bucket) || bucket.includes('..')) {
    throw unusable('bucket', 'invalid_name', 'This is not the name of a bucket.');
  }
  const folders = prefix === undefined || prefix === '' ? [] : prefix.replace(/(?<=.)\/$/, '').split('/');
  if (!folders.every((name) => folderName.test(name))) {
    throw unusable('prefix', 'invalid_name', 'The prefix is folder names of A-Z a-z 0-9 _ . = - joined by slashes.');
  }
  return { type, bucket, folder: `${[...folders, exportId].join('/')}/` };
};
