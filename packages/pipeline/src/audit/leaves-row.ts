import type { VaultError } from '@scaivault/errors';

/** What is wrong with a request, or too much of it, is no deed (rest-api-core 7.1). */
const withoutRow: ReadonlySet<number> = new Set([400, 413, 415, 422, 429]);

/** Whether a refusal leaves a row of its own. */
export const leavesRow = ({ httpStatus }: Pick<VaultError, 'httpStatus'>): boolean => !withoutRow.has(httpStatus);
