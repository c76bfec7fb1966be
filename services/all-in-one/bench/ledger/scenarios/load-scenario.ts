import type { BareStatement } from '@scaivault/db/bench';
import type { WeightedTemplate } from '@scaivault/measure/load/http-load';
import type { Trace } from '../vault-under-test.ts';

/** A kind of request, what it leaves in the audit log, and what a database has to do for it at the least. */
export interface Ask extends WeightedTemplate {
  readonly leaves: Trace;
  readonly statement: BareStatement;
}

export interface LoadPart {
  readonly name: string;
  readonly who: 'admin' | 'stranger';
  readonly asks: readonly Ask[];
  /** Secrets that one request concerns, and the part that asks for one at a time. */
  readonly each?: { readonly secrets: number; readonly beside: string };
}

/** What is asked of all shapes, and of the yardsticks beside them. */
export interface LoadScenario {
  readonly about: string;
  parts(secrets: number): readonly LoadPart[];
}
