/** One thing that was measured, once in each round. */
export interface Figure {
  /** What was asked, where a scenario asks several things: `one hot secret`. */
  readonly part: string;
  /** Of whom: `all-in-one`, `bare fastify`; of a process in it `services / gateway`. */
  readonly target: string;
  /** With its unit: `requests/s`, `p99 ms`. */
  readonly what: string;
  readonly better: 'more' | 'less' | 'neither';
  readonly rounds: readonly number[];
}

/** What names a figure in every ledger of its scenario. */
export type FigureName = Pick<Figure, 'part' | 'target' | 'what'>;

export const findFigure = (figures: readonly Figure[], { part, target, what }: FigureName): Figure | undefined =>
  figures.find((figure) => figure.part === part && figure.target === target && figure.what === what);
