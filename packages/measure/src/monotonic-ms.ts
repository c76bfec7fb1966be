/** Milliseconds of a clock that all processes of the machine read alike. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
