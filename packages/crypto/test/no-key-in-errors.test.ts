import { createSecretKey } from 'node:crypto';
import { inspect } from 'node:util';
import { scopeId } from '@scaivault/tenancy';
import { expect, it } from 'vitest';
import { encodeAad } from '../src/encode-aad.ts';
import { encodeFields } from '../src/encode-fields.ts';
import { openEnvelope } from '../src/envelope.ts';
import { takeSecretKey } from '../src/secret-key.ts';
import { createStage, shop } from './key-chain-stage.ts';

const childKey = (parent: Buffer, wrapped: Buffer, level: string, parentId: string): Buffer =>
  openEnvelope(createSecretKey(parent), wrapped, encodeFields('scaivault:wrap', level, scopeId(shop), parentId));

const plaintext = Buffer.from('correct horse battery staple');
const aad = encodeAad({ purpose: 'secret', scopeId: scopeId(shop), pathId: 'path_1', version: 1 });

/** How bytes could end in a text: their usual encodings and the way `inspect` prints a buffer. */
const spellings = (bytes: Buffer): string[] => [
  ...(['hex', 'base64', 'base64url', 'latin1', 'utf8'] as const).map((encoding) => bytes.toString(encoding)),
  bytes.toString('hex').replace(/..(?=.)/g, '$& '),
  [...bytes].join(', '),
];

it('shows neither plaintext nor any key in an error, whatever is wrong with the stored bytes', async () => {
  await using stage = await createStage();
  const chain = stage.chain();
  const direct = stage.chain({ protection: 'direct' });
  const rows = [await chain.sealData(shop, aad, plaintext), await direct.sealData(shop, aad, plaintext)];

  const errors: unknown[] = [];
  const collect = async (work: Promise<unknown>) => {
    errors.push(
      await work.then(
        () => expect.unreachable('it should have failed'),
        (error: unknown) => error,
      ),
    );
  };
  const spoil = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]);

  for (const row of rows) {
    await collect(chain.openData(shop, aad, { ...row, ciphertext: spoil(row.ciphertext) }));
    await collect(chain.openData(shop, aad, { ...row, wrappedKey: spoil(row.wrappedKey) }));
    await collect(chain.openData(shop, aad, { ...row, ciphertext: plaintext }));
    await collect(chain.openData(shop, spoil(aad), row));
    await collect(chain.openData(shop, aad, { ...row, wrappedBy: 'key_gone' }));
    await collect(chain.openData(shop, aad, { ...row, wrappedBy: 'local:0000000000000000' }));
  }
  stage.kms.away = true;
  await collect(stage.chain().openData(shop, aad, rows[0]!));
  stage.kms.away = false;
  for (const index of [0, 1]) {
    const record = stage.store.records[index]!;
    stage.store.records[index] = { ...record, wrapped: spoil(record.wrapped) };
    await collect(stage.chain().openData(shop, aad, rows[0]!));
    stage.store.records[index] = record;
  }
  const odd = Buffer.from('an odd key that has been left here');
  await collect((async () => takeSecretKey(Buffer.from(odd)))());
  await collect((async () => openEnvelope(takeSecretKey(Buffer.alloc(32, 3)), rows[0]!.ciphertext, aad))());

  expect(errors).toHaveLength(17);
  const [partnerKey, tenantKey] = stage.store.records;
  const tenantRaw = childKey(stage.kms.seen[0]!, tenantKey!.wrapped, 'tenant', partnerKey!.id);
  const dataRaw = childKey(tenantRaw, rows[0]!.wrappedKey, 'data', tenantKey!.id);
  const text = errors.map((error) => inspect(error, { depth: 12, showHidden: true, maxArrayLength: null })).join('\n');
  for (const secret of [plaintext, odd, Buffer.alloc(32, 3), tenantRaw, dataRaw, ...stage.kms.seen]) {
    for (const spelling of spellings(secret)) expect(text.includes(spelling)).toBe(false);
  }
  for (const object of [chain, direct, stage.wrapper]) {
    const shown = inspect(object, { depth: 12, showHidden: true });
    for (const secret of stage.kms.seen)
      for (const spelling of spellings(secret)) expect(shown).not.toContain(spelling);
  }
});

it('wipes every raw key once it is wrapped, unwrapped or refused', async () => {
  await using stage = await createStage();
  for (const chain of [stage.chain(), stage.chain({ protection: 'direct' })]) {
    const row = await chain.sealData(shop, aad, plaintext);
    expect(await chain.openData(shop, aad, row)).toEqual(plaintext);
    await chain.sealContent(shop, () => aad, plaintext);
  }
  stage.kms.away = true;
  const direct = stage.chain({ protection: 'direct' });
  await expect(direct.sealData(shop, aad, plaintext)).rejects.toThrowError();
  await expect(direct.sealContent(shop, () => aad, plaintext)).rejects.toThrowError();
  expect(stage.kms.lent).toHaveLength(7);
  expect(stage.kms.lent.every((buffer) => buffer.every((byte) => byte === 0))).toBe(true);
});

it('wipes the raw key it takes over, also when it refuses it', () => {
  const good = Buffer.alloc(32, 9);
  takeSecretKey(good);
  expect(good).toEqual(Buffer.alloc(32));
  const odd = Buffer.alloc(31, 9);
  expect(() => takeSecretKey(odd)).toThrowError();
  expect(odd).toEqual(Buffer.alloc(31));
});
