import type { Figure } from '@scaivault/measure/ledger/figure';
import { type Usage, usageBelow } from '../process-usage.ts';
import type { VaultUnderTest } from './vault-under-test.ts';

/** Processes that belong together; the second of a name gets a number. */
const named = (name: string, usages: readonly Usage[]): readonly (readonly [target: string, usage: Usage])[] => {
  const seen = new Map<string, number>();
  return usages.map((usage) => {
    const count = (seen.get(usage.name) ?? 0) + 1;
    seen.set(usage.name, count);
    return [`${name} / ${usage.name}${count === 1 ? '' : ` ${count}`}`, usage];
  });
};

/** Memory of processes, in all and each. */
export const memoryFigures = (
  name: string,
  usages: readonly Usage[],
  what: string,
  pick: (usage: Usage) => number = ({ rssMb }) => rssMb,
): readonly Figure[] => {
  const figure = (target: string, value: number): Figure => ({
    part: 'memory, without PostgreSQL',
    target,
    what,
    better: 'less',
    rounds: [value],
  });
  const each = named(name, usages);
  const total = usages.reduce((sum, usage) => sum + pick(usage), 0);
  return [figure(name, total), ...(each.length < 2 ? [] : each.map(([target, usage]) => figure(target, pick(usage))))];
};

/** Resident memory of the vaults as it is now. */
export const lookAtMemory = async (
  vaults: readonly VaultUnderTest[],
  what: string,
  pick?: (usage: Usage) => number,
): Promise<readonly Figure[]> => {
  const looks = vaults.map(async ({ name, vault }) => memoryFigures(name, await usageBelow(vault.pid), what, pick));
  return (await Promise.all(looks)).flat();
};
