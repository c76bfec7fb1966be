import { type Figure, findFigure } from '@scaivault/measure/ledger/figure';
import { ratioOf } from '@scaivault/measure/ledger/ratio-of';
import { bareFastify, barePostgres } from './bare-targets.ts';
import type { LoadPart } from './scenarios/load-scenario.ts';
import { shapes } from './shapes.ts';

const rate = 'requests/s';

/** How a vault does in a part, beside the yardsticks, the first shape, and requests for one secret, round by round. */
export const ratioFigures = (figures: readonly Figure[], part: LoadPart, target: string): readonly Figure[] => {
  const find = (name: string, what: string, inPart = part.name): Figure | undefined =>
    findFigure(figures, { part: inPart, target: name, what });
  const ratio = (what: string, above: Figure | undefined, below: Figure | undefined, factor = 1): readonly Figure[] =>
    above === undefined || below === undefined
      ? []
      : [{ ...ratioOf(above, below, what, factor), part: part.name, target, better: 'more' }];
  if (!shapes.some(({ name }) => name === target)) return [];
  const [first] = shapes;
  const own = find(target, rate);
  const { each } = part;
  return [
    ...ratio('of fastify', own, find(bareFastify, rate)),
    ...ratio('of PostgreSQL', own, find(barePostgres, rate)),
    ...(first === undefined || first.name === target
      ? []
      : [
          ...ratio(`of ${first.name}`, own, find(first.name, rate)),
          // What a second of a processor answers, PostgreSQL apart.
          ...ratio('per core', find(first.name, 'CPU µs'), find(target, 'CPU µs')),
        ]),
    ...(each === undefined ? [] : ratio('per secret, of single', own, find(target, rate, each.beside), each.secrets)),
  ];
};
