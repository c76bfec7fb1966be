const monthsReady = 3;

/** The first instants, in microseconds since the epoch, of the UTC month that `nowMicros` lies in and of the two after it. */
export const monthsAhead = (nowMicros: number): readonly number[] => {
  const now = new Date(nowMicros / 1000);
  return Array.from(
    { length: monthsReady },
    (_, offset) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1) * 1000,
  );
};
