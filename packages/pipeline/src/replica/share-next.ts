/**
 * Lets all who ask while a look is under way share the next one: each gets what was seen after it asked, and however many
 * ask, there is one look at a time.
 */
export const shareNext = <Seen>(look: () => Promise<Seen>): (() => Promise<Seen>) => {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<Seen> | undefined;
  return () => {
    next ??= underWay.then(() => {
      next = undefined;
      const seen = look();
      underWay = seen.catch(() => {});
      return seen;
    });
    return next;
  };
};
