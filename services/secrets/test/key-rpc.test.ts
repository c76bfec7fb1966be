import { randomBytes } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import { KeyService } from '@scaivault/contracts';
import { describeOnEveryWire, type StartedModule } from '@scaivault/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSecrets } from './start-secrets.ts';

describeOnEveryWire('KeyService', (wire) => {
  let vault: StartedModule;
  let policy: Client<typeof KeyService>;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ vault, close } = await startSecrets(wire));
    policy = await vault.peer(KeyService, 'policy');
  });
  afterAll(() => close());

  const place = { tenantId: 'tnt_a', partnerId: 'ptn_x', rowId: 'row-1' };
  const key = Uint8Array.from(randomBytes(64));

  it('opens what it has sealed for the same row, and nothing else', async () => {
    const sealed = await policy.sealRowKey({ place, key });
    expect(Buffer.from(sealed.ciphertext).includes(key)).toBe(false);
    expect(Buffer.from((await policy.openRowKey({ place, sealed })).key)).toEqual(Buffer.from(key));
    for (const other of [{ rowId: 'row-2' }, { tenantId: 'tnt_b' }]) {
      await expect(policy.openRowKey({ place: { ...place, ...other }, sealed })).rejects.toMatchObject({
        code: 'internal_error',
      });
    }
  });

  it.each(['gateway', 'secrets', 'pki'] as const)('is closed to %s', async (name) => {
    const peer = await vault.peer(KeyService, name);
    const refusal = { code: 'forbidden', details: { reason: 'peer_not_allowed' } };
    await expect(peer.sealRowKey({ place, key })).rejects.toMatchObject(refusal);
    const sealed = await policy.sealRowKey({ place, key });
    await expect(peer.openRowKey({ place, sealed })).rejects.toMatchObject(refusal);
  });

  it('is closed to bearers of a token', async () => {
    const admin = await vault.client(KeyService);
    await expect(admin.sealRowKey({ place, key })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('refuses what is no key and what names no row', async () => {
    const broken = (field: string, rule: string) => ({
      code: 'validation_error',
      details: { fields: [expect.objectContaining({ field, rule })] },
    });
    await expect(policy.sealRowKey({ place })).rejects.toMatchObject(broken('key', 'required'));
    await expect(policy.sealRowKey({ place, key: new Uint8Array(129) })).rejects.toMatchObject(broken('key', 'length'));
    await expect(policy.sealRowKey({ key })).rejects.toMatchObject(broken('place', 'required'));
    await expect(policy.sealRowKey({ place: { ...place, rowId: '' }, key })).rejects.toMatchObject(
      broken('place.row_id', 'required'),
    );
    await expect(policy.openRowKey({ place })).rejects.toMatchObject(broken('sealed', 'required'));
  });

  it('leaves no key in the log', async () => {
    await policy.sealRowKey({ place, key });
    const log = vault.logLines.join();
    for (const form of ['hex', 'base64'] as const) expect(log).not.toContain(Buffer.from(key).toString(form));
  });
});
