/** The present in whole microseconds since the epoch. */
export type Clock = () => number;
