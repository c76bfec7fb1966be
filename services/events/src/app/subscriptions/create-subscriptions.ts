import type { FindAbsent } from '@scaivault/pipeline';
import type { CursorCodec, ScopeId } from '@scaivault/tenancy';
import type { SecretBox } from '../../ports/deliveries.ts';
import type { BufferStore, SubscriptionStore } from '../../ports/subscriptions.ts';
import type { CheckTarget } from '../../ports/webhooks.ts';
import { createAcknowledgeEvents } from './acknowledge-events.ts';
import { createCollectEvents } from './collect-events.ts';
import { createCreateSubscription } from './create-subscription.ts';
import { createDeleteSubscription } from './delete-subscription.ts';
import { createExpireEvents } from './expire-events.ts';
import { createFindSubscription } from './find-subscription.ts';
import { createListSubscriptions } from './list-subscriptions.ts';
import { createMayDispatch } from './may-dispatch.ts';
import { createPollSubscription } from './poll-subscription.ts';
import { createUpdateSubscription } from './update-subscription.ts';
import { createWaitingRoom } from './waiting-room.ts';
import { createWakeWaitingPolls } from './wake-waiting-polls.ts';

/** Everything that is done about subscriptions, around the one room in which the polls of this process wait. */
export const createSubscriptions = (parts: {
  readonly subscriptions: SubscriptionStore;
  readonly buffers: BufferStore;
  readonly box: SecretBox;
  readonly checkTarget: CheckTarget;
  readonly findAbsent: FindAbsent;
  readonly cursors: CursorCodec;
  readonly nowMicros: () => number;
}) => {
  const { subscriptions, buffers } = parts;
  const room = createWaitingRoom<ScopeId>();
  const find = createFindSubscription({ subscriptions });
  const collect = createCollectEvents({ buffers });
  return {
    room,
    wakeWaitingPolls: createWakeWaitingPolls({ buffers, room }),
    expireEvents: createExpireEvents({ buffers }),
    mayDispatch: createMayDispatch(parts),
    useCases: {
      find,
      list: createListSubscriptions(parts),
      create: createCreateSubscription(parts),
      update: createUpdateSubscription({ ...parts, find }),
      remove: createDeleteSubscription({ find, subscriptions }),
      poll: createPollSubscription({ find, buffers, collect, room }),
      acknowledge: createAcknowledgeEvents({ find, buffers }),
    },
  };
};
