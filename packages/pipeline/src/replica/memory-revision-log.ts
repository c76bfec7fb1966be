import { randomUUID } from 'node:crypto';
import {
  confirmedForGood,
  type Follower,
  keptScopes,
  type Place,
  type RevisionListener,
  type RevisionLog,
} from '@scaivault/db';

/** The log of an owner whose followers all live in its own process and end with it. */
export const createMemoryRevisionLog = (): RevisionLog => {
  const epoch = randomUUID();
  const followers = new Map<string, Follower & Pick<Place, 'heeds'>>();
  const changes: { readonly revision: number; readonly scope: string }[] = [];
  const listeners = new Set<RevisionListener>();
  let revision = 1;
  /** Changes up to this revision are not all remembered any more. */
  let forgottenUpTo = 1;
  let renewals = 0;

  /** Where the changes after that revision begin; they are found from the end, where few have to be looked at. */
  const indexAfter = (confirmed: number): number => {
    let index = changes.length;
    while (index > 0 && (changes[index - 1]?.revision ?? 0) > confirmed) index -= 1;
    return index;
  };

  const trim = async (keep = keptScopes): Promise<void> => {
    const oldest = changes.at(-1 - keep);
    if (oldest === undefined) return;
    forgottenUpTo = oldest.revision - 1;
    changes.splice(0, indexAfter(forgottenUpTo));
  };

  const scopesAfter = (confirmed: number, heeds: string): string[] =>
    changes.slice(indexAfter(confirmed)).flatMap(({ scope }) => (scope.startsWith(heeds) ? [scope] : []));

  const isLate = (confirmed: number, heeds: string): boolean =>
    confirmed < revision && (heeds === '' || confirmed < forgottenUpTo || scopesAfter(confirmed, heeds).length > 0);

  const hasLeft = (id: string): boolean => followers.get(id)?.confirmed === confirmedForGood;

  const newsSince: RevisionLog['newsSince'] = async ({ confirmed, heeds, ...known }, most) => {
    const isKnown = known.epoch === epoch && confirmed >= forgottenUpTo && confirmed <= revision;
    const changed = isKnown ? scopesAfter(confirmed, heeds) : [];
    const isReset = !isKnown || changed.length > most;
    return {
      epoch,
      revision,
      isReset,
      changedScopes: isReset ? [] : [...new Set(changed)],
    };
  };

  return {
    note: async (scopes) => {
      revision += 1;
      for (const scope of scopes) changes.push({ revision, scope });
      for (const listener of listeners) listener.change();
      // Not with every change: to move what stays costs more than to keep it for a while.
      if (changes.length > 2 * keptScopes) await trim();
    },
    renew: async ({ id, leaseMs, ...told }, most) => {
      if (hasLeft(id)) return await newsSince(told, most);
      renewals += 1;
      const confirmed = told.epoch === epoch && told.confirmed <= revision ? told.confirmed : 0;
      followers.set(id, { id, leaseMs, renewal: String(renewals), confirmed, heeds: told.heeds });
      for (const listener of listeners) listener.confirmation(new Map([[id, confirmed]]));
      return await newsSince(told, most);
    },
    confirm: async ({ id, leaseMs: _, ...told }, most) => {
      if (hasLeft(id)) return await newsSince(told, most);
      const known = followers.get(id);
      const confirmed = told.epoch === epoch && told.confirmed <= revision ? told.confirmed : 0;
      if (known !== undefined) followers.set(id, { ...known, confirmed });
      for (const listener of listeners) listener.confirmation(new Map([[id, confirmed]]));
      return await newsSince(told, most);
    },
    leave: async ({ id, leaseMs }) => {
      renewals += 1;
      followers.set(id, { id, leaseMs, renewal: String(renewals), confirmed: confirmedForGood, heeds: '' });
      for (const listener of listeners) listener.confirmation(new Map([[id, confirmedForGood]]));
    },
    newsSince,
    findLate: async () => ({
      revision,
      late: [...followers.values()].filter(({ confirmed, heeds }) => isLate(confirmed, heeds)),
    }),
    followers: async () => [...followers.values()],
    forget: async (silent) => {
      for (const { id, renewal } of silent) if (followers.get(id)?.renewal === renewal) followers.delete(id);
    },
    trim,
    listen: (heard) => {
      listeners.add(heard);
      return { close: async () => void listeners.delete(heard) };
    },
  };
};
