import type { Caller } from '@scaivault/pipeline';
import { scopeId } from '@scaivault/tenancy';
import type { BufferStore } from '../../ports/subscriptions.ts';
import type { FindSubscriptions } from './find-subscription.ts';

/** Takes events out of the caller's buffer; how many of them were there. */
export const createAcknowledgeEvents =
  ({
    find,
    buffers,
  }: {
    readonly find: Pick<FindSubscriptions, 'polled'>;
    readonly buffers: Pick<BufferStore, 'acknowledge'>;
  }) =>
  async (caller: Caller, id: string, eventIds: readonly string[]): Promise<number> => {
    await find.polled(caller, id);
    return await buffers.acknowledge(scopeId(caller.scope), id, [...new Set(eventIds)]);
  };
