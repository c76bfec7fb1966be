import type { SubscriptionService } from '@scaivault/contracts';
import { fieldError } from '@scaivault/errors';
import type { InputChecks } from '@scaivault/runtime';
import { compileGlob } from '@scaivault/tenancy';
import { checkEventNames } from '../domain/event-names.ts';

const refuse = (field: string, type: string): never => {
  throw fieldError(field, 'conflict', `does not belong to delivery type ${type}`);
};

interface Delivery {
  readonly type?: string | undefined;
  readonly url?: string | undefined;
  readonly secret?: string | undefined;
  readonly bufferSize?: number | undefined;
}

const checkDelivery = ({ type, url, secret }: Delivery): void => {
  if (type !== 'polling') throw fieldError('delivery.type', 'enum', 'must be polling');
  if (url !== undefined) refuse('delivery.url', type);
  if (secret !== undefined) refuse('delivery.secret', type);
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
    checkGlobs(paths);
    if (events.length > 0) checkEventNames('events', events);
  },
};
