import type { SubscriptionService } from '@scaivault/contracts/events/v1/subscriptions';
import { fieldError } from '@scaivault/errors';
import type { InputChecks } from '@scaivault/runtime';
import { compileGlob } from '@scaivault/tenancy';
import { checkEventNames } from '../domain/event-names.ts';
import { checkSecret } from '../domain/webhooks/check-secret.ts';

const refuse = (field: string, type: string): never => {
  throw fieldError(field, 'conflict', `does not belong to delivery type ${type}`);
};

interface Delivery {
  readonly type?: string | undefined;
  readonly url?: string | undefined;
  readonly secret?: string | undefined;
  readonly bufferSize?: number | undefined;
}

const checkDelivery = ({ type, url, secret, bufferSize }: Delivery): void => {
  if (type === 'webhook') {
    if (bufferSize !== undefined) refuse('delivery.buffer_size', type);
    if (url === undefined) throw fieldError('delivery.url', 'required', 'is required');
    if (secret === undefined) throw fieldError('delivery.secret', 'required', 'is required');
    checkSecret('delivery.secret', secret);
    return;
  }
  if (url !== undefined) refuse('delivery.url', 'polling');
  if (secret !== undefined) refuse('delivery.secret', 'polling');
};

const checkGlobs = (paths: readonly string[]): void => {
  for (const path of paths) compileGlob(path);
};

const required = (field: string, nulls: readonly string[]): void => {
  const [name] = field.split('.').slice(-1);
  if (name !== undefined && nulls.includes(name)) throw fieldError(field, 'required', 'cannot be null');
};

/** What the contract's field rules cannot say of a subscription; 422, and 400 `invalid_glob`. */
export const subscriptionInputChecks: InputChecks<typeof SubscriptionService> = {
  createSubscription: ({ paths, events, delivery }) => {
    checkGlobs(paths);
    checkEventNames('events', events);
    checkDelivery(delivery ?? {});
  },
  updateSubscription: ({ paths, events, delivery, nulls }) => {
    for (const field of ['name', 'paths', 'events', 'delivery', 'status']) required(field, nulls);
    for (const name of delivery?.nulls ?? []) required(`delivery.${name}`, [name]);
    if (delivery?.secret !== undefined) checkSecret('delivery.secret', delivery.secret);
    checkGlobs(paths);
    if (events.length > 0) checkEventNames('events', events);
  },
};
