import type { Caller } from '../caller.ts';

/** A caller who was refused by policies. */
export interface Violation {
  readonly caller: Pick<Caller, 'tenantId' | 'identityId' | 'request'>;
  readonly policyPath: string;
  readonly permission: string;
  readonly errorCode: string;
  readonly failedCondition: string | null;
}

/** Equal ones that are told as one; of the last of them. */
export interface FoldedViolation extends Violation {
  readonly count: number;
}

export interface ViolationFold {
  note(violation: Violation): void;
  /** Tells what was folded for a minute by now; to be called every second or so. */
  sweep(): void;
}

interface Folding {
  readonly sinceMs: number;
  last: Violation;
  /** Noted since it was last told. */
  count: number;
}

const minuteMs = 60_000;
const mostFolded = 10_000;

const keyOf = ({ caller, policyPath, permission, errorCode, failedCondition }: Violation): string =>
  JSON.stringify([
    caller.tenantId,
    caller.identityId,
    policyPath,
    permission,
    errorCode,
    failedCondition,
    caller.request.sourceIp,
  ]);

/**
 * Tells the first of equal violations at once and those that follow as one a minute (rest-api-core 8.2). Remembers 10,000
 * different ones; beyond that the one longest known is told and forgotten.
 */
export const createViolationFold = ({
  tell,
  nowMs,
  most = mostFolded,
}: {
  readonly tell: (violation: FoldedViolation) => void;
  /** Milliseconds of a clock that nobody sets. */
  readonly nowMs: () => number;
  readonly most?: number;
}): ViolationFold => {
  // In the order of their beginnings.
  const foldings = new Map<string, Folding>();

  const end = (key: string, { last, count }: Folding): void => {
    foldings.delete(key);
    if (count > 0) tell({ ...last, count });
  };

  return {
    note(violation) {
      const key = keyOf(violation);
      const folding = foldings.get(key);
      if (folding !== undefined) {
        folding.last = violation;
        folding.count += 1;
        return;
      }
      const [oldest] = foldings;
      if (oldest !== undefined && foldings.size >= most) end(...oldest);
      foldings.set(key, { sinceMs: nowMs(), last: violation, count: 0 });
      tell({ ...violation, count: 1 });
    },
    sweep() {
      const now = nowMs();
      for (const [key, folding] of foldings) {
        if (now - folding.sinceMs < minuteMs) return;
        end(key, folding);
        // What goes on is told once a minute.
        if (folding.count > 0) foldings.set(key, { sinceMs: now, last: folding.last, count: 0 });
      }
    },
  };
};
