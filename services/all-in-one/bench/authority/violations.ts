import type { Decision } from './load.ts';
import type { SwitchName } from './switches.ts';

/** A switch that was set: when it was asked for and when the answer was there, milliseconds of the machine's clock. */
export interface Setting {
  readonly name: SwitchName;
  readonly allowed: boolean;
  readonly sentAt: number;
  readonly answeredAt: number;
}

/**
 * Decisions by old rules: begun after the answer to a setting, ended before the next was asked for, and other than it
 * says. A refusal to decide (503) is none.
 */
export const findViolations = (settings: readonly Setting[], decisions: readonly Decision[]): readonly string[] => {
  const byName = Map.groupBy(settings, ({ name }) => name);
  return decisions.flatMap(({ key, startedAt, endedAt, allowed }) => {
    if (allowed === null) return [];
    const own = byName.get(key as SwitchName) ?? [];
    const at = own.findLastIndex(({ answeredAt }) => answeredAt < startedAt);
    const [inForce, next] = [own[at], own[at + 1]];
    if (inForce === undefined || (next !== undefined && next.sentAt <= endedAt)) return [];
    if (allowed === inForce.allowed) return [];
    const late = (startedAt - inForce.answeredAt).toFixed(1);
    return [`${key}: ${allowed ? 'allowed' : 'denied'} ${late} ms after the answer that says otherwise`];
  });
};
