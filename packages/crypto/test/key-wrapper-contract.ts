import { inspect } from 'node:util';
import { isVaultError } from '@scaivault/errors';
import { parsePartnerId, parseTenantId, partnerScope, scopeId, tenantScope } from '@scaivault/tenancy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IntegrityError } from '../src/integrity-error.ts';
import type { KeyContext, KeyWrapper } from '../src/key-wrapper.ts';

/** What a driver's test brings along; made anew for each case. */
export interface KeyWrapperFixture {
  /** A wrapper on the root key of this fixture; each call is a process of its own that starts. */
  open(): Promise<KeyWrapper>;
  /** A wrapper on a root key that has nothing to do with the other one. */
  openOther(): Promise<KeyWrapper>;
  /** Makes the KMS unreachable for wrappers that are open, and reachable again; left out where there is no KMS. */
  outage?: { begin(): Promise<void>; end(): Promise<void> };
  dispose(): Promise<void>;
}

const partner = parsePartnerId('acme');
const context: KeyContext = { level: 'tenant', scopeId: scopeId(tenantScope(parseTenantId('acme'), partner)) };
const elsewhere: readonly (readonly [string, KeyContext])[] = [
  ['another level', { ...context, level: 'partner' }],
  ['the level of data keys', { ...context, level: 'data' }],
  ['another scope', { ...context, scopeId: scopeId(tenantScope(parseTenantId('acme2'), partner)) }],
  ['the partner of the same name', { ...context, scopeId: scopeId(partnerScope(partner)) }],
];

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => 0xc0 ^ (index * 7)));
const unavailable = expect.toSatisfy((error) => isVaultError(error, 'kms_unavailable'));

/** The suite that every driver of the `KeyWrapper` port passes. */
export const keyWrapperContract = (name: string, createFixture: () => Promise<KeyWrapperFixture>): void => {
  describe(`${name} as a key wrapper`, () => {
    let fixture: KeyWrapperFixture;
    let wrapper: KeyWrapper;

    beforeEach(async () => {
      fixture = await createFixture();
      wrapper = await fixture.open();
    });

    afterEach(async () => {
      await wrapper.close();
      await fixture.dispose();
    });

    it('gives back the key it wrapped and leaves the caller’s copy alone', async () => {
      const mine = Buffer.from(key);
      const { wrapped, keyRef } = await wrapper.wrap(mine, context);
      expect(mine.equals(key)).toBe(true);
      expect((await wrapper.unwrap(wrapped, keyRef, context)).equals(key)).toBe(true);
    });

    it('hands out a buffer of its own each time, so that the caller may wipe it', async () => {
      const { wrapped, keyRef } = await wrapper.wrap(key, context);
      (await wrapper.unwrap(wrapped, keyRef, context)).fill(0);
      expect((await wrapper.unwrap(wrapped, keyRef, context)).equals(key)).toBe(true);
    });

    it('unwraps after a restart', async () => {
      const { wrapped, keyRef } = await wrapper.wrap(key, context);
      await wrapper.close();
      wrapper = await fixture.open();
      expect((await wrapper.unwrap(wrapped, keyRef, context)).equals(key)).toBe(true);
    });

    it('keeps calls that run at the same time apart', async () => {
      const keys = Array.from({ length: 20 }, (_, index) => Buffer.alloc(32, index + 1));
      const back = await Promise.all(
        keys.map(async (one) => {
          const { wrapped, keyRef } = await wrapper.wrap(one, context);
          return wrapper.unwrap(wrapped, keyRef, context);
        }),
      );
      expect(Buffer.concat(back).equals(Buffer.concat(keys))).toBe(true);
    });

    it('shows nothing of the key in the blob', async () => {
      const { wrapped } = await wrapper.wrap(key, context);
      for (let start = 0; start + 8 <= key.length; start++) {
        expect(wrapped.includes(key.subarray(start, start + 8))).toBe(false);
      }
    });

    it('names the root key behind its provider and a colon, the same in wrap and describe', async () => {
      const { keyRef } = await wrapper.wrap(key, context);
      const description = await wrapper.describe();
      expect(keyRef.startsWith(`${wrapper.provider}:`)).toBe(true);
      expect(description.provider).toBe(wrapper.provider);
      expect(description.keyRef).toBe(keyRef);
      expect(description.algorithm).not.toBe('');
    });

    it.each(elsewhere)('refuses to unwrap for %s', async (_what, other) => {
      const { wrapped, keyRef } = await wrapper.wrap(key, context);
      await expect(wrapper.unwrap(wrapped, keyRef, other)).rejects.toThrowError(IntegrityError);
    });

    it('refuses a blob that was tampered with, and shows no key in the refusal', async () => {
      const { wrapped, keyRef } = await wrapper.wrap(key, context);
      const tampered = [0, wrapped.length >> 1, wrapped.length - 1].map((index) => {
        const copy = Buffer.from(wrapped);
        copy[index] = (copy[index] ?? 0) ^ 0x80;
        return copy;
      });
      const cut = [wrapped.subarray(0, -1), wrapped.subarray(1), Buffer.alloc(0)];
      for (const blob of [...tampered, ...cut, Buffer.concat([wrapped, Buffer.of(0)])]) {
        const refusal: unknown = await wrapper.unwrap(blob, keyRef, context).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(IntegrityError);
        expect(inspect(refusal, { depth: 9, showHidden: true })).not.toContain(key.toString('hex'));
      }
    });

    it('refuses the blob of another root key, whichever name it comes under', async () => {
      const other = await fixture.openOther();
      const foreign = await other.wrap(key, context);
      const { keyRef } = await wrapper.describe();
      await other.close();
      expect(foreign.keyRef).not.toBe(keyRef);
      await expect(wrapper.unwrap(foreign.wrapped, keyRef, context)).rejects.toThrowError(IntegrityError);
      await expect(wrapper.unwrap(foreign.wrapped, foreign.keyRef, context)).rejects.toThrowError(
        expect.toSatisfy((error) => isVaultError(error, 'invalid_config')),
      );
    });

    it('may be closed twice and is unavailable from then on', async () => {
      const { wrapped, keyRef } = await wrapper.wrap(key, context);
      await wrapper.close();
      await wrapper.close();
      await expect(wrapper.wrap(key, context)).rejects.toThrowError(unavailable);
      await expect(wrapper.unwrap(wrapped, keyRef, context)).rejects.toThrowError(unavailable);
    });

    it('is unavailable during an outage and recovers by itself', async (test) => {
      const { outage } = fixture;
      if (outage === undefined) return test.skip('this driver has no KMS that could be away');
      const { wrapped, keyRef } = await wrapper.wrap(key, context);
      await outage.begin();
      await expect(wrapper.wrap(key, context)).rejects.toThrowError(unavailable);
      await expect(wrapper.unwrap(wrapped, keyRef, context)).rejects.toThrowError(unavailable);
      await outage.end();
      expect((await wrapper.unwrap(wrapped, keyRef, context)).equals(key)).toBe(true);
    });
  });
};
