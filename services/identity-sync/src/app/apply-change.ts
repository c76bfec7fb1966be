import { isVaultError } from '@scaivault/errors';
import type { ScopeId } from '@scaivault/tenancy';
import type { Change } from '../domain/change.ts';
import type { IncomingEvent, Mirror, Outcome, Publish } from '../ports.ts';

/** Brings an event into the mirror; resolves when no process decides by what was before (rest-api-core 11.2). */
export type ApplyChange = (event: IncomingEvent) => Promise<Outcome>;

export const createApplyChange = ({
  mirror,
  publish,
}: {
  readonly mirror: Mirror;
  readonly publish: Publish;
}): ApplyChange => {
  // A partner's tenants are read after the commit: whichever is added from then on is looked up under the new state.
  const scopesOf = async (change: Change): Promise<readonly ScopeId[]> =>
    change.kind === 'partner' ? await mirror.scopesBelow(change.partnerId) : [`t:${change.tenantId}` as ScopeId];

  const putInForce = async ({ change }: IncomingEvent): Promise<void> => publish(await scopesOf(change));

  return async (event) => {
    let outcome: Outcome;
    try {
      outcome = await mirror.apply(event);
    } catch (error) {
      // After an outage nobody knows whether the commit happened, nor whether the sender will come again.
      if (!isVaultError(error) || error.httpStatus >= 500) await putInForce(event);
      throw error;
    }
    // A duplicate too: its first delivery may have ended between commit and notice.
    if (outcome !== 'stale') await putInForce(event);
    return outcome;
  };
};
