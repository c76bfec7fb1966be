import { Resolver } from 'node:dns/promises';

/** All addresses of a name; none when it has none. Rejects when nobody could say. */
export type ResolveHost = (name: string) => Promise<readonly string[]>;

const timeoutMs = 2_000;
const tries = 2;
const noSuchName: ReadonlySet<unknown> = new Set(['ENODATA', 'ENOTFOUND']);

const nothingIfNone = (error: unknown): readonly string[] => {
  if (noSuchName.has((error as { code?: unknown }).code)) return [];
  throw error;
};

/**
 * Asks DNS itself. `dns.lookup` would wait in the thread pool that also serves the disk, two names at a time, so that one
 * tenant's dead name server would hold up everybody; hosts files and search domains are not for tenants' names anyhow.
 */
export const createResolveHost = (): ResolveHost => {
  const resolver = new Resolver({ timeout: timeoutMs, tries });
  return async (name) => {
    const answers = await Promise.allSettled([
      resolver.resolve4(name).catch(nothingIfNone),
      resolver.resolve6(name).catch(nothingIfNone),
    ]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [...answer.value] : []));
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (addresses.length === 0 && failed !== undefined) throw failed.reason;
    return addresses;
  };
};
