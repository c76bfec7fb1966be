import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../../.bench');

/** What the bench leaves on the disk, all of it in `.bench/` of the clone, which git does not see. */
export const places = {
  ledgers: folder,
  profiles: join(folder, 'profiles'),
  /** A data folder with so many secrets in it. */
  seed: (secrets: number): string => join(folder, `seed-${secrets}`),
};
