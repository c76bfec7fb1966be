export { createDatabaseObjectStore } from './database-object-store.ts';
export type { ObjectStore } from './object-store.ts';
export { openS3ObjectStore, type S3ObjectStoreOptions } from './s3/open-s3-object-store.ts';
