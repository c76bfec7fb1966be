import { isVaultError } from '@scaivault/errors';
import { scopeId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { encodeAad } from '../src/encode-aad.ts';
import type { KeyChain, SealedData } from '../src/key-chain.ts';
import { createStage, farm, graceMs, shop, ttlMs } from './key-chain-stage.ts';

const plaintext = Buffer.from('correct horse battery staple');
const aad = encodeAad({ purpose: 'secret', scopeId: scopeId(shop), pathId: 'path_1', version: 1 });
const read = (chain: KeyChain, row: SealedData) => chain.openData(shop, aad, row);
const unavailable = expect.toSatisfy((error) => isVaultError(error, 'kms_unavailable'));

const setUp = async () => {
  const stage = await createStage();
  const chain = stage.chain();
  const row = await chain.sealData(shop, aad, plaintext);
  stage.kms.unwraps = 0;
  return { stage, chain, row };
};

describe('the key chain without its KMS', () => {
  it('asks the KMS again when the lifetime is over, once', async () => {
    const { stage, chain, row } = await setUp();
    await using _ = stage;
    stage.clock.ms += ttlMs - 1;
    await read(chain, row);
    expect(stage.kms.unwraps).toBe(0);
    stage.clock.ms += 1;
    await Promise.all([read(chain, row), read(chain, row), read(chain, row)]);
    await read(chain, row);
    expect(stage.kms.unwraps).toBe(1);
  });

  it('reads and writes on with the keys it has until the grace is over', async () => {
    const { stage, chain, row } = await setUp();
    await using _ = stage;
    stage.kms.away = true;
    for (const ms of [0, ttlMs, graceMs / 2, graceMs / 2 - 1]) {
      stage.clock.ms += ms;
      expect(await read(chain, row)).toEqual(plaintext);
      await expect(chain.sealData(shop, aad, plaintext)).resolves.toBeDefined();
    }
    stage.clock.ms += 1;
    await expect(read(chain, row)).rejects.toThrowError(unavailable);
    await expect(chain.sealData(shop, aad, plaintext)).rejects.toThrowError(unavailable);
  });

  it('counts the grace from the last word of the KMS, also for a tenant first used during the outage', async () => {
    const { stage, row } = await setUp();
    await using _ = stage;
    const late = stage.chain();
    const farmAad = encodeAad({ purpose: 'secret', scopeId: scopeId(farm), pathId: 'path_1', version: 1 });
    const farmRow = await late.sealData(farm, farmAad, plaintext);
    stage.kms.away = true;
    stage.clock.ms += ttlMs + graceMs - 1;
    expect(await read(late, row)).toEqual(plaintext);
    expect(await late.openData(farm, farmAad, farmRow)).toEqual(plaintext);
    stage.clock.ms += 1;
    await expect(read(late, row)).rejects.toThrowError(unavailable);
    await expect(late.openData(farm, farmAad, farmRow)).rejects.toThrowError(unavailable);
  });

  it('does not wait for the KMS at every read of an outage', async () => {
    const { stage, chain, row } = await setUp();
    await using _ = stage;
    stage.kms.away = true;
    stage.clock.ms += ttlMs;
    for (let count = 0; count < 100; count++) await read(chain, row);
    expect(stage.kms.unwraps).toBe(1);
    expect(stage.store.reads).toBe(2);
  });

  it('is unavailable at once to a process that has no key yet', async () => {
    const { stage, row } = await setUp();
    await using _ = stage;
    stage.kms.away = true;
    await expect(read(stage.chain(), row)).rejects.toThrowError(unavailable);
    expect(stage.kms.unwraps).toBe(1);
  });

  it('serves again as soon as the KMS is back', async () => {
    const { stage, chain, row } = await setUp();
    await using _ = stage;
    stage.kms.away = true;
    stage.clock.ms += ttlMs + graceMs;
    await expect(read(chain, row)).rejects.toThrowError(unavailable);
    stage.kms.away = false;
    expect(await read(chain, row)).toEqual(plaintext);
  });

  it('leaves no key records behind when a first key cannot be wrapped', async () => {
    await using stage = await createStage();
    stage.kms.away = true;
    await expect(stage.chain().sealData(shop, aad, plaintext)).rejects.toThrowError(unavailable);
    expect(stage.store.records).toEqual([]);
  });

  it('holds no more keys than it may, and still opens everything', async () => {
    const { stage } = await setUp();
    await using _ = stage;
    const small = stage.chain({ cacheMax: 1 });
    const row = await small.sealData(shop, aad, plaintext);
    for (let count = 0; count < 3; count++) expect(await read(small, row)).toEqual(plaintext);
    stage.kms.away = true;
    expect(await read(small, row)).toEqual(plaintext);
    // The one place is the tenant key's; its partner key had to leave.
    await expect(small.sealData(farm, aad, plaintext)).rejects.toThrowError(unavailable);
  });
});
