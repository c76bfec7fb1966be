import { createAuditTrail, createSystemAudit, type SystemAudit } from '@scaivault/pipeline';
import { createMetrics } from '@scaivault/runtime';
import { createMemoryJournal, type MemoryJournal } from './memory-journal.ts';

/** Rows of jobs in memory. */
export const createMemoryAudit = (
  identityId: `system:${string}` = 'system:test',
): { readonly audit: SystemAudit; readonly journal: MemoryJournal } => {
  const journal = createMemoryJournal();
  const trail = createAuditTrail({ journal, metrics: createMetrics('test', '0', 'test') });
  return { audit: createSystemAudit(trail, identityId), journal };
};
