import type { Caller } from '@scaivault/pipeline';
import { type Explanation, explain, type Permission } from '@scaivault/policy-engine';
import type { Clock } from '../ports.ts';
import type { ReadPolicies } from './read-policies.ts';
import type { ResolveSubject } from './resolve-subject.ts';

export interface TestInput {
  readonly identityId: string;
  /** A policy path. */
  readonly path: string;
  readonly permission: Permission;
  readonly sourceIp: string | null;
  readonly mfaVerified: boolean;
  /** Null: now. */
  readonly atMicros: number | null;
  readonly tokenAgeSeconds: number;
}

/** Judges as the pipeline would, and tells the course of it (rest-api-core 6.4). */
export const createTestPolicies =
  ({
    resolveSubject,
    readPolicies,
    nowMicros,
  }: {
    readonly resolveSubject: ResolveSubject;
    readonly readPolicies: ReadPolicies;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, input: TestInput): Promise<Explanation> => {
    const subject = await resolveSubject(caller, input.identityId);
    const { bundle } = await readPolicies(caller);
    const nowMs = (input.atMicros ?? nowMicros()) / 1000;
    return explain(bundle, subject, {
      permission: input.permission,
      path: input.path,
      sourceIp: input.sourceIp,
      nowMs,
      token: {
        issuedAtMs: nowMs - input.tokenAgeSeconds * 1000,
        mfaVerifiedAtMs: input.mfaVerified ? nowMs : null,
        allowedPaths: null,
      },
    });
  };
