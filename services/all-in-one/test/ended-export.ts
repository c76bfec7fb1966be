import type { Vault } from '@scaivault/testkit/start-vault';
import { succeeded } from './grant.ts';
import { until } from './until.ts';

/** An export once it has ended, however it has: it waits for a seal, and writes several files. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
export const endedExport = (vault: Vault, exportId: string): Promise<any> =>
  until(
    'the export is over',
    async () => {
      const { json } = succeeded(await vault.request('GET', `/v1/audit/exports/${exportId}`));
      return json.completed_at === null ? undefined : json;
    },
    30_000,
  );
