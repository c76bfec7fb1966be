import { randomBytes } from 'node:crypto';
import { parsePartnerId, parseTenantId } from '@scaivault/tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyedRow, KeySeal } from '../../src/index.ts';

export interface KeySealFixture extends AsyncDisposable {
  readonly seal: KeySeal;
}

const row: KeyedRow = { tenantId: parseTenantId('tnt_a'), partnerId: parsePartnerId('ptn_x'), rowId: 'row-1' };

/** What every keeper of row keys promises. */
export const describeKeySeal = (name: string, open: () => Promise<KeySealFixture>): void => {
  describe(`row keys sealed by ${name}`, () => {
    let fixture: KeySealFixture;
    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture[Symbol.asyncDispose]());
    const key = randomBytes(64);
    const sealed = () => fixture.seal.seal(row, Uint8Array.from(key));

    it('open for their row', async () => {
      expect(Buffer.from(await fixture.seal.open(row, await sealed()))).toEqual(key);
    });

    it('are sealed differently each time, and do not show', async () => {
      const [one, two] = [await sealed(), await sealed()];
      expect(one.ciphertext).not.toEqual(two.ciphertext);
      for (const bytes of [one.ciphertext, one.wrappedKey]) expect(bytes.includes(key.subarray(0, 8))).toBe(false);
      expect(one.wrappedBy).not.toBe('');
    });

    it.each([
      ['another row', { rowId: 'row-2' }],
      ['the row of another tenant', { tenantId: parseTenantId('tnt_b') }],
    ])('do not open for %s', async (_what, change) => {
      await expect(fixture.seal.open({ ...row, ...change }, await sealed())).rejects.toThrow();
    });
  });
};
