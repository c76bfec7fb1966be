import { parseSecretPath } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { describeOnEveryObjectStore, large, owner } from './large-payload-stage.ts';
import { tenantA } from './open-vault.ts';

describeOnEveryObjectStore('an object that no version names', (stage) => {
  const sweepAfter = async (minutes: number): Promise<void> => {
    const { vault } = stage();
    vault.passSeconds(minutes * 60);
    await vault.sweepLooseObjects();
  };

  describe('because its version was erased', () => {
    /** Writes versions 1 to `count`, has some of them erased, and looks at once and after the sweep. */
    const expectErased = async (
      path: string,
      count: number,
      erased: readonly number[],
      erase: () => Promise<unknown>,
    ): Promise<void> => {
      const { vault, rowsOf, looseKeys, objectOf } = stage();
      for (let n = 0; n < count; n += 1) await vault.put(path, { data: large(), maxVersions: 100 });
      const rows = await rowsOf(path);
      const keys = (isErased: boolean) =>
        rows.filter(({ version }) => erased.includes(version) === isErased).map(({ objectKey }) => objectKey ?? '');
      await erase();
      const left = await vault.admin<{ version: number }[]>`
        select version from secrets.version
        where path = ${path} and version <= ${count}
          and num_nonnulls(data_ct, object_key, data_key_wrapped, wrapped_by) > 0
        order by version`;
      expect(left.map(({ version }) => version)).toEqual(
        rows.map(({ version }) => version).filter((version) => !erased.includes(version)),
      );
      expect(await looseKeys()).toEqual(keys(true).toSorted());

      await sweepAfter(4);
      expect(await looseKeys()).toHaveLength(erased.length);
      await sweepAfter(1);
      expect(await looseKeys()).toEqual([]);
      for (const key of keys(true)) expect(await vault.objects.get(owner, key)).toBeUndefined();
      for (const key of keys(false)) expect(await objectOf(key)).toBeDefined();
    };

    it('by destroy is deleted, and its data key at once', () =>
      expectErased('erase/destroy', 3, [1, 2], () => stage().vault.destroy('erase/destroy', [2, 1])));

    it('by a lower max_versions as well', () =>
      expectErased('erase/prune', 4, [1, 2, 3], () => stage().vault.update('erase/prune', { maxVersions: 1 })));

    it('by the write that left no room for it as well', () =>
      expectErased('erase/write', 2, [1, 2], () => stage().vault.put('erase/write', { maxVersions: 1 })));

    it('by a permanent delete as well, twenty-five in one sweep', () =>
      expectErased(
        'erase/all',
        25,
        Array.from({ length: 25 }, (_, i) => i + 1),
        () => stage().vault.remove('erase/all', { permanent: true }),
      ));

    it('by the end of the retention of a deleted secret as well', () =>
      expectErased('erase/retention', 2, [1, 2], async () => {
        const { vault } = stage();
        await vault.remove('erase/retention');
        vault.passDays(30);
        await vault.sweepDueSecrets();
      }));

    it('by a new secret at the path of one that is gone as well', () =>
      expectErased('erase/anew', 1, [1], async () => {
        const { vault } = stage();
        await vault.remove('erase/anew');
        vault.passDays(30);
        await vault.put('erase/anew');
        await vault.remove('erase/anew', { permanent: true });
      }));

    it('is still there for a reader who saw the version a moment before', async () => {
      const { vault } = stage();
      const data = large();
      const path = parseSecretPath('reader');
      await vault.put(path, { data });
      const seen = await vault.store.read(tenantA, path, undefined);
      await vault.remove(path, { permanent: true });
      await vault.sweepLooseObjects();
      const sealed = seen?.value?.sealed ?? expect.unreachable();
      expect(Buffer.from(await vault.cipher.open(tenantA, path, 1, sealed)).equals(data)).toBe(true);
      await sweepAfter(5);
    });
  });

  describe('because its writer was killed', () => {
    it('after the object, is deleted after an hour and not before', async () => {
      const { vault, looseKeys, objectOf, expectReadable } = stage();
      const before = large();
      await vault.put('killed', { data: before });
      stage().afterPut = () => Promise.reject(new Error('killed'));
      await expect(vault.put('killed', { data: large() })).rejects.toThrow('killed');
      const [orphan = ''] = await looseKeys();

      await sweepAfter(60);
      expect(await objectOf(orphan)).toBeDefined();
      await sweepAfter(5);
      expect(await vault.objects.get(owner, orphan)).toBeUndefined();
      expect(await looseKeys()).toEqual([]);
      await expectReadable('killed', before);
    });

    it('before the object, leaves a row that goes the same way', async () => {
      const { vault, looseKeys } = stage();
      await vault.looseObjects.add(owner, 'b'.repeat(64), 0);
      await vault.sweepLooseObjects();
      expect(await looseKeys()).toEqual([]);
    });
  });

  describe('and a writer who comes to name it late', () => {
    it('is refused once it was swept; the version before stays', async () => {
      const { vault, rowsOf, looseKeys, expectReadable } = stage();
      const before = large();
      await vault.put('late', { data: before });
      stage().afterPut = () => sweepAfter(65);
      await expect(vault.put('late', { data: large() })).rejects.toMatchObject({ code: 'service_unavailable' });
      expect(await rowsOf('late')).toHaveLength(1);
      expect(await looseKeys()).toEqual([]);
      await expectReadable('late', before);
    });

    it('is refused from the moment it is claimed, while it still exists', async () => {
      const { vault, rowsOf, looseKeys, objectOf, makeLooseDue } = stage();
      stage().afterPut = async () => {
        await makeLooseDue();
        expect(await vault.looseObjects.claim(1, 60, 10)).toHaveLength(1);
      };
      await expect(vault.put('claimed', { data: large() })).rejects.toMatchObject({ code: 'service_unavailable' });
      expect(await rowsOf('claimed')).toEqual([]);
      const [claimed = ''] = await looseKeys();
      expect(await objectOf(claimed)).toBeDefined();
      await vault.sweepLooseObjects();
      expect(await looseKeys()).toEqual([]);
    });

    it('is in time as long as it is not: the sweep passes by what was named', async () => {
      const { vault, looseKeys, makeLooseDue, expectReadable } = stage();
      const data = large();
      stage().afterPut = makeLooseDue;
      await vault.put('in-time', { data });
      await vault.sweepLooseObjects();
      expect(await looseKeys()).toEqual([]);
      await expectReadable('in-time', data);
    });

    it('never loses a write that was acknowledged, however often both race', async () => {
      const { vault, rowsOf, looseKeys, makeLooseDue, expectReadable } = stage();
      const other = await vault.another();
      const aMoment = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      stage().afterPut = async () => {
        await makeLooseDue();
        await aMoment();
      };
      let writing = true;
      const sweeping = [vault, other].map(async ({ sweepLooseObjects }) => {
        while (writing) {
          await sweepLooseObjects();
          await aMoment();
        }
      });

      const tries: { path: string; data: Buffer; failure: unknown }[] = [];
      const write = async (n: number): Promise<void> => {
        const attempt = { path: `race/${n}`, data: large() };
        const failure = await vault.put(attempt.path, { data: attempt.data }).then(
          () => undefined,
          (error: unknown) => error,
        );
        tries.push({ ...attempt, failure });
      };
      const bothHappened = (): boolean =>
        tries.some(({ failure }) => failure === undefined) && tries.some(({ failure }) => failure !== undefined);
      // Otherwise this test has shown nothing.
      while (tries.length < 40 || (!bothHappened() && tries.length < 400)) {
        await Promise.all(Array.from({ length: 4 }, (_, i) => write(tries.length + i)));
      }
      writing = false;
      await Promise.all(sweeping);

      expect(bothHappened()).toBe(true);
      for (const { path, data, failure } of tries) {
        if (failure === undefined) {
          await expectReadable(path, data);
        } else {
          expect(failure).toMatchObject({ code: 'service_unavailable' });
          expect(await rowsOf(path)).toEqual([]);
        }
      }
      await sweepAfter(65);
      expect(await looseKeys()).toEqual([]);
    });
  });

  it('is deleted once by any number of sweeps, and the last claim alone forgets it', async () => {
    const { vault, looseKeys } = stage();
    const key = 'c'.repeat(64);
    await vault.looseObjects.add(owner, key, 0);
    const { looseObjects } = await vault.another();
    const second = 1_000_000;
    const [first] = await vault.looseObjects.claim(second, 60, 10);
    expect(await looseObjects.claim(60 * second, 60, 10)).toEqual([]);
    const [next] = await looseObjects.claim(61 * second, 60, 10);
    expect([first, next]).toEqual([1, 2].map((claim) => ({ scopeId: owner, key, claim })));
    await vault.looseObjects.remove(first ?? expect.unreachable());
    expect(await looseKeys()).toEqual([key]);
    await looseObjects.remove(next ?? expect.unreachable());
    expect(await looseKeys()).toEqual([]);
  });
});
