import type { Caller } from '@scaivault/pipeline';
import { type CursorCodec, type Page, type PageRequest, readPage } from '@scaivault/tenancy';
import type { Binding } from '../domain/binding.ts';
import type { BindingStore, Clock } from '../ports.ts';
import type { FindPolicy } from './find-policy.ts';

export const createListBindings =
  ({
    find,
    bindings,
    cursors,
    nowMicros,
  }: {
    readonly find: FindPolicy;
    readonly bindings: Pick<BindingStore, 'list'>;
    readonly cursors: CursorCodec;
    readonly nowMicros: Clock;
  }) =>
  async (caller: Caller, policyId: string, page: PageRequest): Promise<Page<Binding>> => {
    const { scopeId } = await find(caller, policyId);
    const binding = { scopeId, route: 'ListBindings', filters: { policy_id: policyId } };
    return await readPage(cursors, binding, page, (after, limit) =>
      bindings.list(scopeId, policyId, { after, limit, nowMicros: nowMicros() }),
    );
  };
