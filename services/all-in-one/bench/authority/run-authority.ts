import { setTimeout as pause } from 'node:timers/promises';
import { median } from '@scaivault/measure/median';
import { monotonicMs } from '@scaivault/measure/monotonic-ms';
import { quantiles } from '@scaivault/measure/quantiles';
import { tableLine } from '@scaivault/measure/table-line';
import { type Contention, watchContention } from './contention.ts';
import type { Decision } from './load.ts';
import { type Load, openLoad } from './open-load.ts';
import { openStage, type Stage } from './stage.ts';
import { makeSwitches, type Switch, type SwitchName } from './switches.ts';
import { findViolations, type Setting } from './violations.ts';

const perSecond = 1_000;
/** `pnpm bench authority 1` makes one round: a first look, with a rough 99th percentile. */
const rounds = Number(process.argv[3] ?? 4);
type Times = Readonly<Record<SwitchName, number>>;
/** Settings of each switch in each round, a thousand in all; those of the webhook are more, for their 99th percentile. */
const timesOf: Times = { policy: 40, binding: 40, role: 40, webhook: 130 };
const warmUp: Times = { policy: 4, binding: 4, role: 4, webhook: 4 };
const pauseMs = 10;
/** On a machine that is busy elsewhere fewer are made. */
const longestPhaseMs = 40_000;

type Phase = 'idle' | 'loaded';

interface Measured extends Setting {
  readonly phase: Phase;
  /** When the last serving process had decided by it; for the webhook only. */
  readonly inForceAt: number | undefined;
}

const setOnce = async (
  name: SwitchName,
  { set }: Switch,
  allowed: boolean,
  gateway: string,
  load: Load,
  phase: Phase,
): Promise<Measured> => {
  const sentAt = monotonicMs();
  const watching = name === 'webhook' ? load.watch(name, allowed) : Promise.resolve(undefined);
  await set(allowed, gateway);
  const answeredAt = monotonicMs();
  return { name, allowed, sentAt, answeredAt, phase, inForceAt: await watching };
};

/** One change after the other, of each kind in turn, now through one owner and now through the other. */
const setAll = async (
  stage: Stage,
  switches: Readonly<Record<SwitchName, Switch>>,
  load: Load,
  phase: Phase,
  times: Times = timesOf,
): Promise<Measured[]> => {
  const made: Measured[] = [];
  const until = monotonicMs() + longestPhaseMs;
  for (let turn = 0; turn < Math.max(...Object.values(times)); turn += 1) {
    // Only behind an even turn, so that each phase begins with everything closed.
    if (turn % 2 === 0 && monotonicMs() > until) break;
    for (const name of Object.keys(switches) as SwitchName[]) {
      if (turn >= times[name]) continue;
      const gateway = stage.gateways[(turn >> 1) % stage.gateways.length] ?? '';
      made.push(await setOnce(name, switches[name], turn % 2 === 0, gateway, load, phase));
      await pause(pauseMs);
    }
  }
  return made;
};

const report = (made: readonly Measured[]): void => {
  const show = (name: string, pick: (phase: Phase) => readonly number[]): void => {
    const cells = (['idle', 'loaded'] as const).flatMap((phase) => {
      const values = pick(phase);
      return quantiles(values, [0.5, 0.99]).map((value) => value.toFixed(1));
    });
    process.stdout.write(tableLine([name, ...cells, `${pick('loaded').length}`]));
  };
  process.stdout.write(tableLine(['', 'idle p50', 'idle p99', 'loaded p50', 'loaded p99', 'changes']));
  for (const name of Object.keys(timesOf) as SwitchName[])
    show(`${name}, answered after`, (phase) =>
      made.filter((one) => one.name === name && one.phase === phase).map((one) => one.answeredAt - one.sentAt),
    );
  show('webhook, in force after', (phase) =>
    made.flatMap((one) => (one.phase === phase && one.inForceAt !== undefined ? [one.inForceAt - one.sentAt] : [])),
  );
};

const reportContention = (phase: Phase, seen: readonly Contention[]): void => {
  const of = (pick: (one: Contention) => number, digits: number): string => median(seen.map(pick)).toFixed(digits);
  process.stdout.write(
    `${phase}: the machine ran ${of((one) => one.busyCores, 2)} cores, ${of((one) => one.ownCores, 2)} of them for this ` +
      `vault (without PostgreSQL), whose processes waited ${of((one) => one.waitingShare * 100, 0)} % of the time ` +
      `that they wanted a core; load average ${of((one) => one.load, 1)}\n`,
  );
};

/**
 * `pnpm bench authority`: what a change of authority costs with two processes of each owner and three that serve a
 * thousand requests a second, beside the same without requests, in turns; and whether any decision was by old rules.
 */
export const runAuthority = async (): Promise<void> => {
  await using stage = await openStage();
  const switches = await makeSwitches(stage);
  const questions = Object.fromEntries(Object.entries(switches).map(([name, { question }]) => [name, question]));
  using load = await openLoad({ targets: stage.serving, tls: stage.tls, questions });
  const pids = [...Object.values(stage.pids), load.pid];
  const made: Measured[] = [];
  const decisions: Decision[] = [];
  const contention: Record<Phase, Contention[]> = { idle: [], loaded: [] };
  let loadedSeconds = 0;
  await setAll(stage, switches, load, 'idle', warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (const phase of ['idle', 'loaded'] as const) {
      if (phase === 'loaded') await load.begin(perSecond);
      if (phase === 'loaded') await pause(1_000);
      const startedAt = monotonicMs();
      const seen = watchContention(pids);
      made.push(...(await setAll(stage, switches, load, phase)));
      contention[phase].push(seen());
      if (phase === 'loaded') loadedSeconds += (monotonicMs() - startedAt) / 1000 + 1;
      if (phase === 'loaded') decisions.push(...(await load.end()));
    }
  }
  process.stdout.write(`\nauthority: 2 owner processes of each kind, 3 serving, times in ms, ${rounds} rounds\n\n`);
  report(made);
  process.stdout.write('\n');
  for (const phase of ['idle', 'loaded'] as const) reportContention(phase, contention[phase]);
  const refused = decisions.filter(({ allowed }) => allowed === null).length;
  const violations = findViolations(made, decisions);
  process.stdout.write(
    `${Math.round(decisions.length / loadedSeconds)} decisions a second of the ${perSecond} asked for, answered in ` +
      `${median(decisions.map(({ startedAt, endedAt }) => endedAt - startedAt)).toFixed(1)} ms (median); ` +
      `${refused} of ${decisions.length} refused; by old rules: ${violations.length}\n`,
  );
  for (const violation of violations.slice(0, 10)) process.stdout.write(`  ${violation}\n`);
  if (violations.length > 0) process.exitCode = 1;
};
