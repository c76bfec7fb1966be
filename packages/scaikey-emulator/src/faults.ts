/** Disturbances of the endpoints the vault calls; held in memory only, so a restart is a cure. */
export interface Faults {
  /** Milliseconds before each answer. */
  delay_ms?: number;
  /** Every call is answered with this 5xx status. */
  fail_with?: number;
  /** How many more calls `fail_with` hits; without it, all. */
  fail_count?: number;
  /** Lists lose the second half of each page, while `total` still tells the truth. */
  cut_pages?: boolean;
  /** Lists lose the second half of all rows, and `total` agrees. */
  shrink_lists?: boolean;
  /** Lists say that there is nothing. */
  empty_lists?: boolean;
  /** The JWKS addresses answer 503. */
  jwks_down?: boolean;
}

/** JSON Schema of Faults. */
export const faultsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    delay_ms: { type: 'integer', minimum: 0, maximum: 60_000 },
    fail_with: { type: 'integer', minimum: 500, maximum: 599 },
    fail_count: { type: 'integer', minimum: 1 },
    cut_pages: { type: 'boolean' },
    shrink_lists: { type: 'boolean' },
    empty_lists: { type: 'boolean' },
    jwks_down: { type: 'boolean' },
  },
} as const;

/** The status this call must fail with, if any; counts `fail_count` down. */
export const takeFailure = (faults: Faults): number | undefined => {
  const status = faults.fail_with;
  if (status === undefined || faults.fail_count === undefined) return status;
  faults.fail_count -= 1;
  if (faults.fail_count === 0) {
    delete faults.fail_with;
    delete faults.fail_count;
  }
  return status;
};
