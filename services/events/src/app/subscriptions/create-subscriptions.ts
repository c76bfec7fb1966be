import type { CursorCodec, ScopeId } from '@scaivault/tenancy';
import type { BufferStore, SubscriptionStore } from '../../ports/subscriptions.ts';
import { createAcknowledgeEvents } from './acknowledge-events.ts';
import { createCollectEvents } from './collect-events.ts';
import { createCreateSubscription } from './create-subscription.ts';
import { createDeleteSubscription } from './delete-subscription.ts';
import { createExpireEvents } from './expire-events.ts';
import { createFindSubscription } from './find-subscription.ts';
import { createListSubscriptions } from './list-subscriptions.ts';
import { createPollSubscription } from './poll-subscription.ts';
import { createUpdateSubscription } from './update-subscription.ts';
import { createWaitingRoom } from './waiting-room.ts';
import { createWakeWaitingPolls } from './wake-waiting-polls.ts';

/** Everything that is done about subscriptions, around the one room in which the polls of this process wait. */
export const createSubscriptions = ({
  subscriptions,
  buffers,
  cursors,
  nowMicros,
}: {
  readonly subscriptions: SubscriptionStore;
  readonly buffers: BufferStore;
  readonly cursors: CursorCodec;
  readonly nowMicros: () => number;
}) => {
  const room = createWaitingRoom<ScopeId>();
  const find = createFindSubscription({ subscriptions });
  const collect = createCollectEvents({ buffers });
  return {
    room,
    wakeWaitingPolls: createWakeWaitingPolls({ buffers, room }),
    expireEvents: createExpireEvents({ buffers }),
    useCases: {
      find,
      list: createListSubscriptions({ subscriptions, cursors }),
      create: createCreateSubscription({ subscriptions, nowMicros }),
      update: createUpdateSubscription({ subscriptions, nowMicros }),
      remove: createDeleteSubscription({ find, subscriptions }),
      poll: createPollSubscription({ find, buffers, collect, room }),
      acknowledge: createAcknowledgeEvents({ find, buffers }),
    },
  };
};
