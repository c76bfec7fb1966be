import type { Caller } from '@scaivault/pipeline';
import { type CursorCodec, type Page, type PageRequest, readPage, scopeId } from '@scaivault/tenancy';
import type { Webhook } from '../../domain/webhooks/webhook.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';

export const createListWebhooks =
  ({ webhooks, cursors }: { readonly webhooks: Pick<WebhookStore, 'list'>; readonly cursors: CursorCodec }) =>
  async (caller: Caller, page: PageRequest): Promise<Page<Webhook>> => {
    const scope = scopeId(caller.scope);
    const binding = { scopeId: scope, route: 'ListWebhooks', filters: {} };
    return await readPage(cursors, binding, page, (after, limit) => webhooks.list(scope, { after, limit }));
  };
