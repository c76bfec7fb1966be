export { writeTextArray } from './array-text.ts';
export { type CheckMigratedOptions, checkMigrated } from './check-migrated.ts';
export { loadCursorKey } from './cursor-key.ts';
export { type Database, type DatabaseOptions, openDatabase } from './database.ts';
export {
  ConnectionLostError,
  DatabaseError,
  isCheckViolation,
  isForeignKeyViolation,
  isUniqueViolation,
} from './failure.ts';
export { createGather } from './gather.ts';
export { createGroupReads, type GroupRead } from './group-reads.ts';
export {
  createIdempotencyTable,
  type EarlierRequest,
  type IdempotencyTable,
  type NewRequest,
  type RequestPlace,
  type SealedRowKey,
} from './idempotency-table.ts';
export type { Listening, SoleListening } from './listen.ts';
export { type MigrateOptions, migrate } from './migrate.ts';
export type { Migrations } from './migration-folder.ts';
export type { PoolStats } from './pool.ts';
export {
  confirmedForGood,
  createRevisionLog,
  type Follower,
  keptScopes,
  type Place,
  type Renewal,
  type RevisionListener,
  type RevisionLog,
  type RevisionNews,
} from './revision-log.ts';
export { serviceRole } from './service-role.ts';
export type { Sql, SqlTag, Tx } from './sql-tag.ts';
export type { JsonParameter, Row, Rows, SqlHelper, SqlValue, Statement } from './statement.ts';
