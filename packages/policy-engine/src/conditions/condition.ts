import type { ErrorCode } from '@scaivault/errors';
import type { SourceAddress } from '../address.ts';
import type { Place } from '../place.ts';
import type { IdentityType } from '../rule-document.ts';

/** What conditions may look at. */
export interface ConditionFacts {
  readonly identityType: IdentityType;
  readonly nowMs: number;
  readonly issuedAtMs: number | null;
  readonly mfaVerifiedAtMs: number | null;
  /** Undefined when it is not known. */
  readonly sourceAddress: () => SourceAddress | undefined;
}

export interface Condition {
  readonly name: string;
  /** The refusal when this is the condition that stood in the way. */
  readonly code: ErrorCode;
  /** The age the second factor may have, as written; null for every other condition. */
  readonly mfaMaxAge: string | null;
  /** True when it looks at what only a request has: address, token, second factor. */
  readonly isAboutRequest: boolean;
  holds(facts: ConditionFacts): boolean;
}

/** Reads one named value of a rule's conditions: 422 for a wrong shape, 400 `invalid_policy` for a wrong meaning. */
export type ReadCondition = (value: unknown, place: Place) => Condition;
