import type { Caller, Once } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { Clock, SettingsStore } from '../ports.ts';

/** How many days the caller's tenant keeps its records (rest-api-core 7.2). */
export const createReadSettings =
  ({ settings, defaultDays }: { readonly settings: Pick<SettingsStore, 'read'>; readonly defaultDays: number }) =>
  async (caller: Pick<Caller, 'scope'>): Promise<number> =>
    (await settings.read(scopeId(caller.scope)))?.retentionDays ?? defaultDays;

/** Sets that; the contract has checked the bounds. What is no longer kept goes with the next run of retention. */
export const createSetSettings =
  ({ settings, nowMicros }: { readonly settings: Pick<SettingsStore, 'put'>; readonly nowMicros: Clock }) =>
  async (
    caller: Pick<Caller, 'scope' | 'identityId'>,
    retentionDays: number,
    once: Once | undefined,
  ): Promise<void> => {
    const setting = { retentionDays, updatedAtMicros: nowMicros(), updatedBy: caller.identityId };
    await settings.put(scopeId(caller.scope), setting, once);
  };
