/** What one caller saw of one secret: which version, and when it asked and was answered, in milliseconds of one clock. */
export interface Observation {
  readonly key: string;
  readonly kind: 'read' | 'write';
  readonly version: number;
  readonly value: unknown;
  readonly askedAt: number;
  readonly answeredAt: number;
}

/**
 * What a single copy of each secret, changed and read at one moment between question and answer, could not have answered
 * (linearizability). Versions give the writes of a secret their order, so comparing each answer with those that were
 * complete before it was asked for decides the matter; no search is needed.
 */
export const findStale = (history: readonly Observation[]): readonly string[] =>
  [...Map.groupBy(history, ({ key }) => key)].flatMap(([key, all]) => {
    const written = new Map(all.filter(({ kind }) => kind === 'write').map((write) => [write.version, write]));
    const byAnswer = all.toSorted((one, other) => one.answeredAt - other.answeredAt);
    const byQuestion = all.toSorted((one, other) => one.askedAt - other.askedAt);
    const complaints: string[] = [];
    let [next, newest] = [0, 0];
    for (const seen of byQuestion) {
      for (; (byAnswer[next]?.answeredAt ?? Number.POSITIVE_INFINITY) < seen.askedAt; next += 1)
        newest = Math.max(newest, byAnswer[next]?.version ?? 0);
      const { kind, version } = seen;
      const write = written.get(version);
      const what = `${kind} of ${key}: version ${version}`;
      if (version < newest || (kind === 'write' && version === newest)) complaints.push(`${what} after ${newest}`);
      if (write === undefined) complaints.push(`${what}, which nobody wrote`);
      else if (write.askedAt > seen.answeredAt) complaints.push(`${what} before it was written`);
      else if (write.value !== seen.value) complaints.push(`${what} with the value of another`);
    }
    return complaints;
  });
