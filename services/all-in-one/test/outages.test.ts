import { takeOverService } from '@scaivault/testkit/take-over-service';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { outageSettings, testAuditOutage } from './audit-outage.ts';
import { exportSettings, testExports } from './export-outage.ts';
import type { Trouble } from './trouble.ts';
import { testTwoOwners } from './two-owners.ts';
import { startUnlimited } from './unlimited-vault.ts';

// Many processes, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

describe('processes that are gone, or there twice', () => {
  let trouble: Trouble;
  beforeAll(async () => {
    const vault = await startUnlimited('services', { env: { ...outageSettings, ...exportSettings } });
    trouble = { vault, auditWriter: await takeOverService(vault, 'audit-writer') };
  });
  afterAll(async () => {
    await trouble?.auditWriter[Symbol.asyncDispose]();
    await trouble?.vault[Symbol.asyncDispose]();
  });

  testExports(() => trouble);
  testTwoOwners(() => trouble);
  testAuditOutage(() => trouble);
});
