import type { Figure } from './figure.ts';
import type { Verdict } from './goal.ts';
import type { Surroundings } from './surroundings.ts';

/** That every answered request has left what it has to leave. */
export interface Certificate {
  readonly target: string;
  /** `read, succeeded` */
  readonly of: string;
  readonly answered: number;
  readonly rows: number;
}

/** What a run leaves behind, as JSON. */
export interface Ledger {
  readonly format: 1;
  readonly scenario: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly seconds: number;
  readonly surroundings: Surroundings;
  /** Length and number of rounds, callers and the like. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Settings of the measured that are not the ones an installation has when it says nothing. */
  readonly settings: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
  readonly certificates: readonly Certificate[];
  readonly verdicts: readonly Verdict[];
}
