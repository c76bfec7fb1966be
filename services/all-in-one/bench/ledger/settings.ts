import { mkdirSync } from 'node:fs';
import { rateCategories } from '@scaivault/runtime';
import type { Options } from './options.ts';
import { places } from './places.ts';

const highest = '999999999';

/** Every bucket is kept and counted as for anybody, and none is ever empty: a limit of 0 would leave out the step. */
const limits = Object.fromEntries(
  Object.keys(rateCategories).map((category) => [`RATE_LIMIT_${category.toUpperCase().replace(':', '_')}`, highest]),
);

/** What the vaults of a run are told that an installation is not; everything else has its default. */
export const settingsOf = ({ settings }: Pick<Options, 'settings'>): Readonly<Record<string, string>> => ({
  ...limits,
  ADDRESS_LIMIT: highest,
  ...settings,
});

/** The environment of a vault: its settings, and whether Node profiles it. */
export const environmentOf = (options: Options): Readonly<Record<string, string>> => {
  if (!options.profile) return settingsOf(options);
  mkdirSync(places.profiles, { recursive: true });
  return { ...settingsOf(options), NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${places.profiles}` };
};
