import type { ScopeId } from '@scaivault/tenancy';
import type { ListenerStore } from '../ports.ts';

/** What a process that reads keeps in memory; beyond it each tenant counts as listening. */
const mostScopes = 10_000;

/** Where reads of secrets are to be told (rest-api-core 8.2, `secret.accessed`); undefined: everywhere. */
export const createFindAccessScopes =
  ({ listeners }: { readonly listeners: Pick<ListenerStore, 'findAccessScopes'> }) =>
  async (): Promise<readonly ScopeId[] | undefined> => {
    const scopes = await listeners.findAccessScopes(mostScopes + 1);
    return scopes.length > mostScopes ? undefined : scopes;
  };

export type FindAccessScopes = ReturnType<typeof createFindAccessScopes>;
