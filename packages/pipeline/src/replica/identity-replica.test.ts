import type { Client } from '@connectrpc/connect';
import type { IdentityFeedService } from '@scaivault/contracts';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import { expect, it } from 'vitest';
import { createIdentityReplica } from './identity-replica.ts';

/** A feed that answers with what it was asked, and says nothing new from then on. */
const openReplica = async () => {
  const asked: object[] = [];
  let follows = 0;
  const client = {
    lookupTenant: async (request: object) => {
      asked.push(request);
      return { found: true, partnerId: 'ptn_a', status: 'ACTIVE' };
    },
    lookupPartner: async (request: object) => {
      asked.push(request);
      return { found: true, status: 'ACTIVE' };
    },
    lookupCaller: async (request: object) => {
      asked.push(request);
      return { caller: { ...request, subjectId: JSON.stringify(request), groups: [], roles: [], status: 'ACTIVE' } };
    },
    followIdentityRevisions: ({ leaves }: { leaves?: boolean }) => {
      follows += 1;
      if (follows > 1 && leaves !== true) return new Promise(() => {});
      return Promise.resolve({ epoch: 'e', revision: 1n, reset: false, changedScopes: [], leaseMs: 60_000 });
    },
  } as unknown as Client<typeof IdentityFeedService>;
  const replica = createIdentityReplica({ client, maxStalenessMs: 60_000, onFailure: () => {} });
  await replica.start();
  return { replica, asked };
};

it('asks for a caller in the words it was given, and takes no two for one', async () => {
  const { replica, asked } = await openReplica();
  const tenantId = parseTenantId('tnt_a');
  const callers: readonly (readonly [subject: string, identityId: string])[] = [
    ['ab', 'c'],
    ['a', 'bc'],
    ['', 'abc'],
    ['1\n', '2'],
    ['1', '\n2'],
    ['\n\n', 'user:x'],
    ['\u{1f600}', 'user:\u{1f600}'],
  ];
  for (const [subject, identityId] of callers) await replica.caller(tenantId, subject, identityId);
  expect(asked).toEqual(callers.map(([subject, identityId]) => ({ tenantId, subject, identityId })));
  for (const [subject, identityId] of callers) {
    const known = replica.caller(tenantId, subject, identityId);
    expect(known).toMatchObject({ record: { subjectId: JSON.stringify({ tenantId, subject, identityId }) } });
  }
  expect(asked).toHaveLength(callers.length);
  await replica.stop();
});

it('keeps a tenant and a partner of one name apart', async () => {
  const { replica, asked } = await openReplica();
  await replica.tenant(parseTenantId('same'));
  await replica.partner(parsePartnerId('same'));
  expect(asked).toEqual([{ tenantId: 'same' }, { partnerId: 'same' }]);
  await replica.stop();
});
