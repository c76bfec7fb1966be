import { isVaultError } from '@scaivault/errors';
import { parsePartnerId, parseTenantId, partnerScope, type Scope, scopeId, tenantScope } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { type CiphertextPlace, encodeAad } from '../src/encode-aad.ts';
import { IntegrityError } from '../src/integrity-error.ts';
import { acme, createStage, farm, shared, shop } from './key-chain-stage.ts';

const plaintext = Buffer.from('correct horse battery staple');
const aadOf = (scope: Scope, change: Partial<CiphertextPlace> = {}): Buffer =>
  encodeAad({ purpose: 'secret', scopeId: scopeId(scope), pathId: 'path_1', version: 1, ...change });

describe('the key chain', () => {
  it.each([
    ['a tenant', shop],
    ['a partner', shared],
  ])('opens what it sealed for %s, in this process and the next', async (_what, scope) => {
    await using stage = await createStage();
    const chain = stage.chain();
    const sealed = await chain.sealData(scope, aadOf(scope), plaintext);
    expect(await chain.openData(scope, aadOf(scope), sealed)).toEqual(plaintext);
    expect(await stage.chain().openData(scope, aadOf(scope), sealed)).toEqual(plaintext);
  });

  it('hangs a tenant key on the partner key, and that on the root', async () => {
    await using stage = await createStage();
    const sealed = await stage.chain().sealData(shop, aadOf(shop), plaintext);
    const { keyRef } = await stage.wrapper.describe();
    const [partner, tenant] = stage.store.records;
    expect(partner).toMatchObject({ scopeId: 'p:acme', level: 'partner', generation: 1, wrappedBy: keyRef });
    expect(tenant).toMatchObject({ scopeId: 't:shop', level: 'tenant', generation: 1, wrappedBy: partner?.id });
    expect(sealed.wrappedBy).toBe(tenant?.id);
    expect(stage.store.records.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^key_[0-9a-f-]{36}$/),
      expect.stringMatching(/^key_[0-9a-f-]{36}$/),
    ]);
  });

  it('hangs partner secrets on the partner key and needs no tenant for them', async () => {
    await using stage = await createStage();
    const sealed = await stage.chain().sealData(shared, aadOf(shared), plaintext);
    expect(stage.store.records.map(({ id, level }) => [id, level])).toEqual([[sealed.wrappedBy, 'partner']]);
  });

  it('uses a fresh data key each time', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    const first = await chain.sealData(shop, aadOf(shop), plaintext);
    const second = await chain.sealData(shop, aadOf(shop), plaintext);
    const mixed = { ...first, wrappedKey: second.wrappedKey };
    await expect(chain.openData(shop, aadOf(shop), mixed)).rejects.toThrowError(IntegrityError);
  });

  it('asks the KMS once per partner, however many tenants it has', async () => {
    await using stage = await createStage();
    const writer = stage.chain();
    const tenants = Array.from({ length: 10 }, (_, index) => tenantScope(parseTenantId(`t${index}`), acme));
    const rows = await Promise.all(tenants.map((scope) => writer.sealData(scope, aadOf(scope), plaintext)));
    stage.kms.unwraps = 0;
    const reader = stage.chain();
    await Promise.all(rows.map((row, index) => reader.openData(tenants[index]!, aadOf(tenants[index]!), row)));
    await Promise.all(rows.map((row, index) => reader.openData(tenants[index]!, aadOf(tenants[index]!), row)));
    expect(stage.kms.unwraps).toBe(1);
    expect(stage.store.reads).toBe(11);
  });

  it('makes one key for all who seal for a new tenant at the same time', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    await Promise.all(Array.from({ length: 20 }, () => chain.sealData(shop, aadOf(shop), plaintext)));
    expect(stage.store.records).toHaveLength(2);
    expect([stage.kms.wraps, stage.kms.unwraps]).toEqual([1, 1]);
  });

  it('agrees with a process that makes the first keys at the same moment', async () => {
    await using stage = await createStage();
    const chains = [stage.chain(), stage.chain(), stage.chain()];
    const rows = await Promise.all(chains.map((chain) => chain.sealData(shop, aadOf(shop), plaintext)));
    expect(stage.kms.wraps).toBe(3);
    expect(stage.store.records.map(({ level }) => level)).toEqual(['partner', 'tenant']);
    expect(new Set(rows.map(({ wrappedBy }) => wrappedBy)).size).toBe(1);
    for (const row of rows) expect(await stage.chain().openData(shop, aadOf(shop), row)).toEqual(plaintext);
  });

  it('makes no key when it opens', async () => {
    await using stage = await createStage();
    const sealed = await stage.chain().sealData(shop, aadOf(shop), plaintext);
    stage.store.records.length = 0;
    const missing = expect.toSatisfy((error) => isVaultError(error, 'internal_error'));
    await expect(stage.chain().openData(shop, aadOf(shop), sealed)).rejects.toThrowError(missing);
    expect(stage.store.records).toEqual([]);
  });

  it('seals under a new generation from the first moment and still opens the retired one', async () => {
    await using stage = await createStage();
    await using other = await createStage();
    const chain = stage.chain();
    const before = await chain.sealData(shop, aadOf(shop), plaintext);
    await chain.sealData(shared, aadOf(shared), plaintext);

    // The next generation comes from a second chain on the same KMS and partner key, whose store knows no tenant key yet.
    other.store.records.push(stage.store.records[0]!);
    await stage.chain({ store: other.store }).sealData(shop, aadOf(shop), plaintext);
    stage.store.rotate({ ...other.store.records[1]!, generation: 2 });

    const after = await chain.sealData(shop, aadOf(shop), plaintext);
    expect(after.wrappedBy).not.toBe(before.wrappedBy);
    expect(after.wrappedBy).toBe(other.store.records[1]?.id);
    for (const reader of [chain, stage.chain()]) {
      expect(await reader.openData(shop, aadOf(shop), before)).toEqual(plaintext);
      expect(await reader.openData(shop, aadOf(shop), after)).toEqual(plaintext);
    }
  });

  it.each<[string, Partial<CiphertextPlace>]>([
    ['path id', { pathId: 'path_2' }],
    ['version', { version: 2 }],
    ['purpose', { purpose: 'note' }],
    ['scope id', { scopeId: scopeId(farm) }],
  ])('does not open a row moved to another %s', async (_what, change) => {
    await using stage = await createStage();
    const chain = stage.chain();
    const sealed = await chain.sealData(shop, aadOf(shop), plaintext);
    await expect(chain.openData(shop, aadOf(shop, change), sealed)).rejects.toThrowError(IntegrityError);
  });

  it('does not open a row in another tenant, not even with the key records copied over', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    const sealed = await chain.sealData(shop, aadOf(shop), plaintext);
    await expect(chain.openData(farm, aadOf(shop), sealed)).rejects.toThrowError();

    const tenantKey = stage.store.records.find(({ id }) => id === sealed.wrappedBy)!;
    stage.store.records.push({ ...tenantKey, scopeId: scopeId(farm) });
    await expect(chain.openData(farm, aadOf(shop), sealed)).rejects.toThrowError(IntegrityError);
    const stranger = tenantScope(parseTenantId('shop'), parsePartnerId('evil'));
    stage.store.records.push({ ...stage.store.records[0]!, scopeId: scopeId(partnerScope(parsePartnerId('evil'))) });
    await expect(stage.chain().openData(stranger, aadOf(shop), sealed)).rejects.toThrowError(IntegrityError);
  });

  it('does not take a data key for a tenant key, nor the other way round', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    const sealed = await chain.sealData(shared, aadOf(shared), plaintext);
    const dataKey = { id: 'key_forged', scopeId: scopeId(shop), level: 'tenant', generation: 2 } as const;
    stage.store.records.push({ ...dataKey, wrapped: sealed.wrappedKey, wrappedBy: sealed.wrappedBy, status: 'active' });
    await expect(chain.sealData(shop, aadOf(shop), plaintext)).rejects.toThrowError(IntegrityError);
  });

  it('refuses a row whose wrapping key was renamed to the root', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    const sealed = await chain.sealData(shared, aadOf(shared), plaintext);
    const { wrapped, wrappedBy } = stage.store.records[0]!;
    const lifted = { ...sealed, wrappedKey: wrapped, wrappedBy };
    await expect(chain.openData(shared, aadOf(shared), lifted)).rejects.toThrowError(IntegrityError);
  });

  it('knows that the KMS works, past the cache, and that it does not', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    await chain.sealData(shop, aadOf(shop), plaintext);
    stage.kms.wraps = 0;
    await chain.health();
    await chain.health();
    expect(stage.kms.wraps).toBe(2);
    stage.kms.away = true;
    await expect(chain.health()).rejects.toThrowError(
      expect.toSatisfy((error) => isVaultError(error, 'kms_unavailable')),
    );
  });

  it('is not healthy when the KMS gives another key back', async () => {
    await using stage = await createStage();
    const forgetful = { ...stage.wrapper, unwrap: async () => Buffer.alloc(32) };
    await expect(stage.chain({ wrapper: forgetful }).health()).rejects.toThrowError(IntegrityError);
  });

  it('refuses a key of odd length from the KMS', async () => {
    await using stage = await createStage();
    const short = { ...stage.wrapper, unwrap: async () => Buffer.alloc(16) };
    await expect(stage.chain({ wrapper: short }).sealData(shop, aadOf(shop), plaintext)).rejects.toThrowError(
      IntegrityError,
    );
  });

  it('forgets its keys when it is closed', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    const sealed = await chain.sealData(shop, aadOf(shop), plaintext);
    await chain.close();
    stage.kms.away = true;
    await expect(chain.openData(shop, aadOf(shop), sealed)).rejects.toThrowError(
      expect.toSatisfy((error) => isVaultError(error, 'kms_unavailable')),
    );
  });
});

describe('a content that lies apart from its row', () => {
  const place = (contentId: string, change: Partial<CiphertextPlace> = {}) => aadOf(shop, { contentId, ...change });

  it.each(['chain', 'direct'] as const)(
    'opens under its name, in this process and the next (%s)',
    async (protection) => {
      await using stage = await createStage();
      const chain = stage.chain({ protection });
      const { contentId, ...sealed } = await chain.sealContent(shop, place, plaintext);
      expect(contentId).toMatch(/^[0-9a-f]{64}$/);
      expect(await chain.openData(shop, place(contentId), sealed)).toEqual(plaintext);
      expect(await stage.chain().openData(shop, place(contentId), sealed)).toEqual(plaintext);
    },
  );

  it('has another name each time it is sealed', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    const sealing = Array.from({ length: 20 }, () => chain.sealContent(shop, place, plaintext));
    expect(new Set((await Promise.all(sealing)).map(({ contentId }) => contentId)).size).toBe(20);
  });

  it('does not open under another name, nor without one', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    const mine = await chain.sealContent(shop, place, plaintext);
    const other = await chain.sealContent(shop, place, plaintext);
    for (const aad of [place(other.contentId), place(''), aadOf(shop), place(mine.contentId, { version: 2 })]) {
      await expect(chain.openData(shop, aad, mine)).rejects.toThrowError(IntegrityError);
    }
    const exchanged = { ...mine, ciphertext: other.ciphertext };
    await expect(chain.openData(shop, place(mine.contentId), exchanged)).rejects.toThrowError(IntegrityError);
    await expect(chain.openData(shop, place(other.contentId), exchanged)).rejects.toThrowError(IntegrityError);
  });

  it('is not mistaken for one that lies in its row', async () => {
    await using stage = await createStage();
    const chain = stage.chain();
    const { contentId } = await chain.sealContent(shop, place, plaintext);
    const inRow = await chain.sealData(shop, aadOf(shop), plaintext);
    await expect(chain.openData(shop, place(contentId), inRow)).rejects.toThrowError(IntegrityError);
  });
});

describe('direct protection', () => {
  it('wraps each data key with the root and keeps no keys of its own', async () => {
    await using stage = await createStage();
    const chain = stage.chain({ protection: 'direct' });
    const sealed = await chain.sealData(shop, aadOf(shop), plaintext);
    expect(sealed.wrappedBy).toBe((await stage.wrapper.describe()).keyRef);
    expect(stage.store.records).toEqual([]);
    expect(await chain.openData(shop, aadOf(shop), sealed)).toEqual(plaintext);
    await expect(chain.openData(farm, aadOf(shop), sealed)).rejects.toThrowError(IntegrityError);
    await expect(chain.openData(shop, aadOf(farm), sealed)).rejects.toThrowError(IntegrityError);
  });

  it('may be switched on and off: old rows open either way', async () => {
    await using stage = await createStage();
    const chained = await stage.chain().sealData(shop, aadOf(shop), plaintext);
    const direct = await stage.chain({ protection: 'direct' }).sealData(shop, aadOf(shop), plaintext);
    expect(await stage.chain({ protection: 'direct' }).openData(shop, aadOf(shop), chained)).toEqual(plaintext);
    expect(await stage.chain().openData(shop, aadOf(shop), direct)).toEqual(plaintext);
  });
});
