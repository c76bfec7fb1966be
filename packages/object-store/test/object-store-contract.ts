import { createHash, randomBytes } from 'node:crypto';
import { isVaultError, type VaultError } from '@scaivault/errors';
import type { ScopeId } from '@scaivault/tenancy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../src/object-store.ts';

/** What a driver's test brings along; made anew for each case, with no object in it. */
export interface ObjectStoreFixture {
  /** A store on the objects of this fixture; each call is a process of its own that starts. */
  open(): Promise<ObjectStore>;
  /** Milliseconds after which every call has answered, server or no server. */
  readonly answersWithinMs: number;
  /** Makes the server unreachable for stores that are open, and reachable again; left out where it is not ours. */
  readonly outage?: { begin(): Promise<void>; end(): Promise<void> };
  dispose(): Promise<void>;
}

const key = (text: string): string => createHash('sha256').update(text).digest('hex');
const acme = 't:acme' as ScopeId;
const one = key('one');

const mebibyte = 1024 * 1024;
const contents: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array()],
  ['one byte', Uint8Array.of(0)],
  ['every byte', Uint8Array.from({ length: 256 }, (_, index) => index)],
  ['a view into a larger buffer', new Uint8Array(randomBytes(64).buffer, 8, 16)],
  ['8 MiB', randomBytes(8 * mebibyte)],
];

/** Each could be taken for another one by somebody who decodes, normalises, folds case or cuts at a slash. */
const nastyScopes = [
  'p:acme',
  't:ACME',
  't:acme/',
  't:acme/b',
  't:acme%2Fb',
  't:acme%252Fb',
  't:acme\\b',
  't:acme//b',
  't:acme/../acme/b',
  't:.',
  't:..',
  't:/',
  't:+',
  't:%20',
  't:%2B',
  't:_2B',
  `t:<&>"'#?*|;`,
  't:{}[]~^`$',
  `t:${'/'.repeat(128)}`,
  `t:${'~'.repeat(128)}`,
  `t:${'~'.repeat(127)}`,
] as ScopeId[];

const impossibleScopes = ['', 't:', 'acme', 'x:acme', 't:é', 't:a b', 't:a\n', 't:a\0', `t:${'a'.repeat(129)}`];
const impossibleKeys = [
  '',
  one.slice(1),
  `${one}0`,
  `${one}\n`,
  one.toUpperCase(),
  `g${one.slice(1)}`,
  `../${one.slice(3)}`,
];

const failure = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('The call should have failed.');
};

const expectUnavailable = async (call: Promise<unknown>): Promise<void> => {
  const error = await failure(call);
  expect(error).toSatisfy((thrown) => isVaultError(thrown, 'service_unavailable'));
  expect((error as VaultError).retryAfterSeconds).toBeGreaterThan(0);
};

/** The suite that every driver of the `ObjectStore` port passes. */
export const objectStoreContract = (name: string, createFixture: () => Promise<ObjectStoreFixture>): void => {
  describe(`${name} as an object store`, () => {
    let fixture: ObjectStoreFixture;
    let store: ObjectStore;

    beforeEach(async () => {
      fixture = await createFixture();
      store = await fixture.open();
    });

    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });

    it.each(contents)('gives back what was put: %s', async (_what, bytes) => {
      await store.put(acme, one, bytes);
      expect((await store.get(acme, one))?.equals(bytes)).toBe(true);
    });

    it('gives back a Buffer that is the caller’s to wipe', async () => {
      await store.put(acme, one, Buffer.from('ciphertext'));
      const mine = await store.get(acme, one);
      expect(Buffer.isBuffer(mine)).toBe(true);
      mine?.fill(0);
      expect(String(await store.get(acme, one))).toBe('ciphertext');
    });

    it('answers undefined for an object that is not there', async () => {
      expect(await store.get(acme, one)).toBeUndefined();
      await store.put(acme, one, Buffer.from('x'));
      expect(await store.get(acme, key('two'))).toBeUndefined();
    });

    it('keeps objects over a restart', async () => {
      await store.put(acme, one, Buffer.from('kept'));
      await store.close();
      store = await fixture.open();
      expect(String(await store.get(acme, one))).toBe('kept');
    });

    it('takes the same object twice', async () => {
      await store.put(acme, one, Buffer.from('same'));
      await store.put(acme, one, Buffer.from('same'));
      expect(String(await store.get(acme, one))).toBe('same');
    });

    it('deletes an object and leaves its neighbour, and does not mind to do it again', async () => {
      await store.put(acme, one, Buffer.from('x'));
      await store.put(acme, key('two'), Buffer.from('neighbour'));
      await store.delete(acme, one);
      await store.delete(acme, one);
      expect(await store.get(acme, one)).toBeUndefined();
      expect(String(await store.get(acme, key('two')))).toBe('neighbour');
    });

    it('takes an object again after it was deleted', async () => {
      await store.put(acme, one, Buffer.from('again'));
      await store.delete(acme, one);
      await store.put(acme, one, Buffer.from('again'));
      expect(String(await store.get(acme, one))).toBe('again');
    });

    it('does not mind to delete what never was', async () => {
      await store.delete(acme, one);
    });

    it('shows no scope the objects of another one, however alike they look', async () => {
      await store.put(acme, one, Buffer.from(acme));
      for (const scope of nastyScopes) expect(await store.get(scope, one)).toBeUndefined();
      for (const scope of nastyScopes) await store.put(scope, one, Buffer.from(scope));
      for (const scope of [acme, ...nastyScopes]) expect(String(await store.get(scope, one))).toBe(scope);
    });

    it('deletes in one scope and leaves the same key in all others', async () => {
      const scopes = [acme, ...nastyScopes];
      for (const scope of scopes) await store.put(scope, one, Buffer.from(scope));
      for (const [index, scope] of scopes.entries()) {
        await store.delete(scope, one);
        expect(await store.get(scope, one)).toBeUndefined();
        const next = scopes[index + 1];
        if (next !== undefined) expect(String(await store.get(next, one))).toBe(next);
      }
    });

    it.each(impossibleKeys)('refuses the key %j as a mistake, without repeating it', async (odd) => {
      const calls = [
        () => store.put(acme, odd, Buffer.from('x')),
        () => store.get(acme, odd),
        () => store.delete(acme, odd),
      ];
      for (const call of calls) {
        const error = await failure(call());
        expect(error).toBeInstanceOf(Error);
        expect(isVaultError(error)).toBe(false);
        expect((error as Error).message).toBe('The key of an object is 64 lower-case hexadecimal characters.');
      }
    });

    it.each(impossibleScopes)('refuses the scope id %j as a mistake, without repeating it', async (odd) => {
      const scope = odd as ScopeId;
      const calls = [
        () => store.put(scope, one, Buffer.from('x')),
        () => store.get(scope, one),
        () => store.delete(scope, one),
      ];
      for (const call of calls) {
        const error = await failure(call());
        expect(isVaultError(error)).toBe(false);
        expect((error as Error).message).toBe('This is not the scope id of a tenant or a partner.');
      }
    });

    it('keeps calls that run at the same time apart', async () => {
      const objects = Array.from({ length: 40 }, (_, index) => ({
        scope: `t:${index % 4}` as ScopeId,
        key: key(String(index >> 2)),
        bytes: Buffer.alloc(1000 + index, index),
      }));
      await Promise.all(objects.map((object) => store.put(object.scope, object.key, object.bytes)));
      const back = await Promise.all(objects.map((object) => store.get(object.scope, object.key)));
      for (const [index, object] of objects.entries()) expect(back[index]?.equals(object.bytes)).toBe(true);
    });

    it('takes the same object from many at the same time, and shows it whole or not at all', async () => {
      const bytes = randomBytes(mebibyte / 4);
      const puts = Array.from({ length: 10 }, () => store.put(acme, one, bytes));
      const gets = Array.from({ length: 10 }, () => store.get(acme, one));
      for (const seen of await Promise.all(gets)) expect(seen?.equals(bytes) ?? true).toBe(true);
      await Promise.all(puts);
      expect((await store.get(acme, one))?.equals(bytes)).toBe(true);
    });

    it('reports that it can be used', async () => {
      await store.check();
    });

    it('lets running calls end when it closes, and refuses later ones; closing twice is fine', async () => {
      let hasEnded = false;
      const running = store.put(acme, one, randomBytes(mebibyte)).finally(() => {
        hasEnded = true;
      });
      const closing = store.close();
      await expectUnavailable(store.get(acme, one));
      await closing;
      expect(hasEnded).toBe(true);
      await running;
      await store.close();
      await expectUnavailable(store.put(acme, one, Buffer.from('x')));
      await expectUnavailable(store.delete(acme, one));
      await expectUnavailable(store.check());
    });

    it('is unavailable during an outage, answers in time, and recovers by itself', async (test) => {
      const { outage, answersWithinMs } = fixture;
      if (outage === undefined) return test.skip('this server is not ours to stop');
      await store.put(acme, one, Buffer.from('still here'));
      await outage.begin();
      const calls = [
        () => store.put(acme, key('two'), randomBytes(mebibyte)),
        () => store.get(acme, one),
        () => store.get(acme, key('never')),
        () => store.delete(acme, one),
        () => store.check(),
      ];
      for (const call of calls) {
        const started = performance.now();
        await expectUnavailable(call());
        expect(performance.now() - started).toBeLessThan(answersWithinMs);
      }
      await outage.end();
      await expect.poll(() => store.check().then(() => 'usable', String), { timeout: 5_000 }).toBe('usable');
      expect(String(await store.get(acme, one))).toBe('still here');
      await store.put(acme, key('two'), Buffer.from('new'));
      expect(String(await store.get(acme, key('two')))).toBe('new');
    });
  });
};
