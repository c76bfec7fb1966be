import { rateCategories } from '@scaivault/runtime';
import { type Shape, type StartedVault, type StartVaultOptions, startVault } from '@scaivault/testkit/start-vault';

/** What every suite of this folder runs against. */
export const shapes = ['all-in-one', 'services'] as const satisfies readonly Shape[];

/** Settings with which nobody's requests are counted. */
export const unlimited = Object.fromEntries(
  Object.keys(rateCategories).map((category) => [`RATE_LIMIT_${category.toUpperCase().replace(':', '_')}`, '0']),
);

/** A vault that counts nobody's requests, so that a suite is refused only for what it asks. */
export const startUnlimited = (
  shape: Shape,
  { env, ...options }: Omit<StartVaultOptions, 'shape'> = {},
): Promise<StartedVault> => startVault({ shape, ...options, env: { ...unlimited, ...env } });
