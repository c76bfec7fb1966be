// The S3 driver is `@scaivault/object-store/s3`: its SDK costs 15 MB of memory, which only those pay who have a bucket.
export { createDatabaseObjectStore } from './database-object-store.ts';
export type { ObjectStore } from './object-store.ts';
