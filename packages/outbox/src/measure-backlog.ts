import type { Metrics } from '@scaivault/runtime';
import type { OutboxTable } from './outbox-table.ts';

/** How old the gauges may get; milliseconds. */
export const backlogEveryMs = 10_000;

/**
 * Keeps the gauges of one outbox up to date. To be done in every process of a service, whether it relays or not: a backlog
 * that nobody ships is the one to hear of.
 */
export const createMeasureBacklog =
  ({
    table,
    metrics,
    schema,
  }: {
    readonly table: Pick<OutboxTable, 'backlog'>;
    readonly metrics: Pick<Metrics, 'outboxBacklog' | 'outboxOldestSeconds'>;
    /** Tells the outboxes of one process apart. */
    readonly schema: string;
  }) =>
  async (): Promise<void> => {
    const { events, oldestSeconds } = await table.backlog();
    metrics.outboxBacklog.set({ schema }, events);
    metrics.outboxOldestSeconds.set({ schema }, oldestSeconds);
  };
