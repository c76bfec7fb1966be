/** That many bytes of a cryptographically secure source. */
export type RandomBytes = (size: number) => Uint8Array;

/** What generators draw on; handed in, so that a test can say what is drawn. */
export interface Sources {
  readonly randomBytes: RandomBytes;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
}
