import type { ServiceImpl } from '@connectrpc/connect';
import type { IdentityService } from '@scaivault/contracts/identity/v1/identity';
import { callerOf, callOf, noteForAudit } from '@scaivault/pipeline';
import type { ResolveIdentity } from '../app/look-up.ts';
import type { ReceiveEvent } from '../app/receive-event.ts';
import { decodeType } from './decode.ts';
import { encodeIdentity, encodeReceipt, encodeWhoAmI } from './encode.ts';

/** In whose name the webhook changes the mirror (rest-api-core 1.3). */
const ourselves = { identityType: 'system', identityId: 'system:identity-sync' } as const;

/** Identities over the wire (rest-api-core 2.2, 11). */
export const createIdentityService = ({
  resolveIdentity,
  receiveEvent,
}: {
  readonly resolveIdentity: ResolveIdentity;
  readonly receiveEvent: ReceiveEvent;
}): ServiceImpl<typeof IdentityService> => ({
  whoAmI: (_request, context) => encodeWhoAmI(callerOf(context)),

  resolveIdentity: async ({ identityType, identityId }, context) => {
    const caller = callerOf(context);
    return encodeIdentity(caller.tenantId, await resolveIdentity(caller, decodeType(identityType), identityId));
  },

  receiveScaiKeyEvent: async ({ body, signature, eventId, eventType }, context) => {
    const receipt = await receiveEvent(
      { body, signature, eventId, eventType },
      {
        note: (facts) => noteForAudit(context, facts),
        within: (tenantId, work) => callOf(context).audited({ tenantId, ...ourselves }, work),
      },
    );
    return encodeReceipt(receipt);
  },
});
