import type { ScopeId } from '@scaivault/tenancy';
import type { BufferStore } from '../../ports/subscriptions.ts';
import type { WaitingRoom } from './waiting-room.ts';

const batch = 1000;

/** The safety net under the notices of the database: looks for polls that wait although there is something for them. */
export const createWakeWaitingPolls =
  ({
    buffers,
    room,
  }: {
    readonly buffers: Pick<BufferStore, 'findNews'>;
    readonly room: Pick<WaitingRoom<ScopeId>, 'waiting' | 'wake' | 'supersede'>;
  }) =>
  async (): Promise<void> => {
    const waiting = room.waiting();
    for (let from = 0; from < waiting.length; from += batch) {
      const some = waiting.slice(from, from + batch);
      const placeOf = new Map(some.map(({ id, place }) => [id, place]));
      for (const { id, newest, number } of await buffers.findNews(some)) {
        room.supersede(id, number);
        if (newest > (placeOf.get(id) ?? newest)) room.wake(id);
      }
    }
  };
