import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '@scaivault/measure/median';
import { openBareTargets } from './bare-targets.ts';
import type { Course } from './course.ts';
import { certifyAll, type Findings } from './findings.ts';
import { closedFigures, openFigures } from './load-figures.ts';
import { lookAtMemory } from './look-at-memory.ts';
import type { Options } from './options.ts';
import { ratioFigures } from './ratio-figures.ts';
import type { LoadPart, LoadScenario } from './scenarios/load-scenario.ts';
import { openStage, type Stage } from './stage.ts';
import { vaultTarget } from './vault-target.ts';

/** Left alone until what only the start needed is given back (ADR 0021). */
const idleMs = 15_000;

const openCourses = async (
  stage: Stage,
  parts: readonly LoadPart[],
  { connections }: Options,
): Promise<readonly Course[]> => {
  const bareTargets = await openBareTargets(stage, parts, connections);
  return parts.flatMap((part) => {
    const vaults = stage.vaults.map((under) => vaultTarget(stage, under, part, connections));
    return [...bareTargets(part), ...vaults].map((target) => ({ part, target, samples: [] }));
  });
};

/** Closed loop: who is answered asks again, which shows what there is to be had. */
const saturate = async (
  courses: readonly Course[],
  { rounds, seconds, warmUpSeconds, connections }: Options,
): Promise<void> => {
  for (const { target } of courses) await target.load({ callers: connections, seconds: warmUpSeconds }, 0);
  for (let round = 1; round <= rounds; round += 1)
    for (const { target, samples } of courses)
      samples.push(await target.load({ callers: connections, seconds }, round));
};

interface PacedCourse extends Omit<Course, 'part'> {
  readonly name: string;
  readonly perSecond: number;
}

/** At the rates that were asked for, or at half of what the target has shown. */
const paces = ({ part, target, samples }: Course, { rates }: Options): readonly PacedCourse[] => {
  const half = median(samples.map(({ perSecond }) => perSecond)) / 2;
  return rates.length === 0
    ? [{ name: `${part.name}, at half of that`, target, perSecond: half, samples: [] }]
    : rates.map((perSecond) => ({ name: `${part.name}, ${perSecond} a second`, target, perSecond, samples: [] }));
};

/** Open loop: asked at a rate whatever the answers do. */
const pace = async (courses: readonly PacedCourse[], { rounds, seconds }: Options): Promise<void> => {
  for (let round = 1; round <= rounds; round += 1)
    for (const { target, perSecond, samples } of courses)
      samples.push(await target.load({ perSecond, seconds }, round));
};

/** Loads the yardsticks and all shapes in turn, first in the closed loop, then in the open one. */
export const runLoad = async (scenario: LoadScenario, options: Options): Promise<Findings> => {
  await using stage = await openStage(options);
  await sleep(idleMs);
  const idle = await lookAtMemory(stage.vaults, 'MB, idle');
  const courses = await openCourses(stage, scenario.parts(options.secrets), options);
  await saturate(courses, options);
  const paced = courses.flatMap((course) => paces(course, options));
  await pace(paced, options);
  const closed = courses.flatMap(({ part, target, samples }) => closedFigures(part.name, target.name, samples));
  const ratios = courses.flatMap(({ part, target }) => ratioFigures(closed, part, target.name));
  const open = paced.flatMap(({ name, target, samples }) => openFigures(name, target.name, samples));
  const peak = await lookAtMemory(stage.vaults, 'MB, peak', ({ peakMb }) => peakMb);
  return {
    figures: [...closed, ...ratios, ...open, ...idle, ...peak],
    certificates: await certifyAll(stage.vaults),
  };
};
