import type { Caller } from '@scaivault/pipeline';
import { type CursorCodec, type Page, type PageRequest, readPage } from '@scaivault/tenancy';
import type { DeliveryStatus } from '../../domain/deliveries/attempt.ts';
import type { Delivery } from '../../domain/deliveries/delivery.ts';
import type { DeliveryLog } from '../../ports/deliveries.ts';
import type { FindWebhook } from './find-webhook.ts';

/** The deliveries of a webhook, newest first. */
export const createListDeliveries =
  ({
    find,
    log,
    cursors,
  }: {
    readonly find: FindWebhook;
    readonly log: Pick<DeliveryLog, 'list'>;
    readonly cursors: CursorCodec;
  }) =>
  async (
    caller: Caller,
    webhookId: string,
    status: DeliveryStatus | undefined,
    page: PageRequest,
  ): Promise<Page<Delivery>> => {
    const { scopeId } = await find(caller, webhookId);
    const binding = { scopeId, route: 'ListDeliveries', filters: { webhook_id: webhookId, status } };
    return await readPage(cursors, binding, page, (before, limit) =>
      log.list({ scopeId, endpointId: webhookId }, { status, before, limit }),
    );
  };
