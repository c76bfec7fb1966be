import type { Figure } from '@scaivault/measure/ledger/figure';
import type { Sample } from './target.ts';

type Pick = (sample: Sample) => number;

/** Figures of one target in one part, a value for each sample. */
const figuresOf = (part: string, target: string, samples: readonly Sample[]) => {
  const figure = (what: string, better: Figure['better'], pick: Pick): Figure => ({
    part,
    target,
    what,
    better,
    rounds: samples.map(pick),
  });
  return figure;
};

const totalOf = ({ cpu }: Sample): number => Object.values(cpu.processes).reduce((sum, micros) => sum + micros, 0);

const cpuFigures = (part: string, target: string, samples: readonly Sample[]): readonly Figure[] => {
  const of = (name: string, pick: Pick): Figure => figuresOf(part, name, samples)('CPU µs', 'less', pick);
  const { processes = {}, database } = samples[0]?.cpu ?? {};
  const names = Object.keys(processes);
  return [
    of(target, totalOf),
    ...(names.length < 2 ? [] : names.map((name) => of(`${target} / ${name}`, ({ cpu }) => cpu.processes[name] ?? 0))),
    ...(database === undefined ? [] : [of(`${target} / PostgreSQL`, ({ cpu }) => cpu.database ?? 0)]),
  ];
};

/** Of rounds in which callers asked again once they were answered. */
export const closedFigures = (part: string, target: string, samples: readonly Sample[]): readonly Figure[] => {
  const figure = figuresOf(part, target, samples);
  return [
    figure('requests/s', 'more', ({ perSecond }) => perSecond),
    figure('p50 ms', 'less', ({ p50Ms }) => p50Ms),
    figure('p99 ms', 'less', ({ p99Ms }) => p99Ms),
    ...cpuFigures(part, target, samples),
  ];
};

/** Of rounds that were asked at a rate, with times from when it should have been asked. */
export const openFigures = (part: string, target: string, samples: readonly Sample[]): readonly Figure[] => {
  const figure = figuresOf(part, target, samples);
  return [
    figure('requests/s', 'neither', ({ perSecond }) => perSecond),
    figure('p50 ms', 'less', ({ p50Ms }) => p50Ms),
    figure('p99 ms', 'less', ({ p99Ms }) => p99Ms),
    figure('p99 ÷ p50', 'less', ({ p99Ms, p50Ms }) => p99Ms / p50Ms),
    figure('sent late, p99 ms', 'neither', ({ lateP99Ms }) => lateP99Ms),
    figure('given up', 'less', ({ givenUp }) => givenUp),
  ];
};
