import { createRemoteKeySeal } from '@scaivault/pipeline';
import { describeKeySeal } from '@scaivault/pipeline/key-seal-contract';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import { createFakeSecrets } from '@scaivault/testkit';
import { expect, it } from 'vitest';

describeKeySeal('the secrets service, asked by policy', async () => ({
  seal: createRemoteKeySeal(createFakeSecrets('policy').transport),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));

it('is an outage of ours while the secrets service is away', async () => {
  const { keySeal, transport } = createFakeSecrets('policy');
  const seal = createRemoteKeySeal(transport);
  const row = { tenantId: parseTenantId('tnt_a'), partnerId: parsePartnerId('ptn_x'), rowId: 'row-1' };
  const sealed = await seal.seal(row, new Uint8Array(64));
  keySeal.isAway = true;
  const refusal = { code: 'service_unavailable', message: expect.stringContaining('Idempotency-Key') };
  await expect(seal.seal(row, new Uint8Array(64))).rejects.toMatchObject(refusal);
  await expect(seal.open(row, sealed)).rejects.toMatchObject(refusal);
});
