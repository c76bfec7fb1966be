import { create } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import {
  type AuditSummary,
  AuditSummarySchema,
  type IdentityTrailSummary,
  IdentityTrailSummarySchema,
  type SecretTrailSummary,
  SecretTrailSummarySchema,
} from '@scaivault/contracts/audit/v1/audit';
import { timestampOf } from '@scaivault/runtime';
import type { IdentitySummary, LogSummary, SecretSummary } from '../domain/audit-summary.ts';
import type { LogWindow } from '../domain/log-window.ts';

/** A time of the summary, left out where there is none. */
const at = <Name extends string>(name: Name, micros: number | null): Partial<Record<Name, Timestamp>> =>
  micros === null ? {} : ({ [name]: timestampOf(micros) } as Record<Name, Timestamp>);

const bigints = (counts: Readonly<Record<string, number>>): Record<string, bigint> =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, BigInt(count)]));

export const encodeSecretSummary = (summary: SecretSummary): SecretTrailSummary =>
  create(SecretTrailSummarySchema, {
    reads: BigInt(summary.reads),
    writes: BigInt(summary.writes),
    denied: BigInt(summary.denied),
    uniqueIdentities: BigInt(summary.uniqueIdentities),
    ...at('lastReadAt', summary.lastReadMicros),
    ...at('lastWrittenAt', summary.lastWrittenMicros),
  });

export const encodeIdentitySummary = (summary: IdentitySummary): IdentityTrailSummary =>
  create(IdentityTrailSummarySchema, {
    totalEvents: BigInt(summary.totalEvents),
    denied: BigInt(summary.denied),
    uniquePaths: BigInt(summary.uniquePaths),
    ...at('firstSeenAt', summary.firstSeenMicros),
    ...at('lastSeenAt', summary.lastSeenMicros),
  });

export const encodeLogSummary = ({ fromMicros, toMicros }: LogWindow, summary: LogSummary): AuditSummary =>
  create(AuditSummarySchema, {
    from: timestampOf(fromMicros),
    to: timestampOf(toMicros),
    totalEvents: BigInt(summary.totalEvents),
    successfulEvents: BigInt(summary.successfulEvents),
    failedEvents: BigInt(summary.totalEvents - summary.successfulEvents),
    uniqueIdentities: BigInt(summary.uniqueIdentities),
    uniquePaths: BigInt(summary.uniquePaths),
    byAction: bigints(summary.byAction),
    byErrorCode: bigints(summary.byErrorCode),
  });
