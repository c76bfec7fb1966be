import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openVault, type Vault } from './open-vault.ts';

let vault: Vault;
let generated = 0;
beforeAll(async () => {
  vault = await openVault({
    generateValue: (owner, id) => {
      generated += 1;
      return Promise.resolve(Buffer.from(JSON.stringify({ owner, id, generated })));
    },
  });
});
afterAll(() => vault.close());

const states = async (path: string) => {
  const { versions, currentVersion, nowMicros } = await vault.versions(path);
  const { versionState } = await import('../src/domain/version-state.ts');
  return versions.map((facts) => [facts.version, versionState(facts, currentVersion, nowMicros), facts.isRotation]);
};
const hour = 3_600_000_000;

describe('a rotation', () => {
  it('keeps the old version readable for the grace period and not a moment longer', async () => {
    await vault.put('grace', { json: { v: 1 } });
    const { rotation, oldVersion, newVersion, completedAtMicros } = await vault.rotate('grace', {
      json: { v: 2 },
      gracePeriod: '1h',
    });
    expect({ oldVersion, newVersion }).toEqual({ oldVersion: 1, newVersion: 2 });
    expect(rotation.id).toMatch(/^rh_/);
    expect(rotation.graceEndsAtMicros).toBe(completedAtMicros + hour);
    expect(await states('grace')).toEqual([
      [2, 'current', true],
      [1, 'grace', false],
    ]);
    vault.passSeconds(3599);
    expect((await vault.read('grace', 1)).json).toEqual({ v: 1 });
    vault.passSeconds(1);
    await expect(vault.read('grace', 1)).rejects.toMatchObject({
      code: 'version_not_found',
      details: { version: 1, reason: 'grace_period_ended' },
    });
    expect((await vault.read('grace')).json).toEqual({ v: 2 });
    expect(await states('grace')).toEqual([
      [2, 'current', true],
      [1, 'retired', false],
    ]);
  });

  it('takes 48 hours when nobody says otherwise, and closes the old version at once with 0s', async () => {
    await vault.put('usual', { json: { v: 1 } });
    const { rotation, completedAtMicros } = await vault.rotate('usual', { json: { v: 2 } });
    expect(rotation.graceEndsAtMicros).toBe(completedAtMicros + 48 * hour);
    await vault.rotate('usual', { json: { v: 3 }, gracePeriod: '0s' });
    for (const version of [1, 2])
      await expect(vault.read('usual', version)).rejects.toMatchObject({ code: 'version_not_found' });
    expect((await vault.read('usual')).json).toEqual({ v: 3 });
  });

  it('never lengthens a grace period that runs', async () => {
    await vault.put('twice', { json: { v: 1 } });
    await vault.rotate('twice', { json: { v: 2 }, gracePeriod: '1h' });
    await vault.rotate('twice', { json: { v: 3 }, gracePeriod: '10h' });
    vault.passSeconds(3600);
    await expect(vault.read('twice', 1)).rejects.toMatchObject({ code: 'version_not_found' });
    expect((await vault.read('twice', 2)).json).toEqual({ v: 2 });
  });

  it('keeps a version in its grace period whatever the limit says, and prunes it afterwards', async () => {
    await vault.put('limit', { json: { v: 1 }, maxVersions: 1 });
    await vault.rotate('limit', { json: { v: 2 }, gracePeriod: '1h' });
    expect((await vault.read('limit', 1)).json).toEqual({ v: 1 });
    await vault.put('limit', { json: { v: 3 } });
    expect((await vault.read('limit', 1)).json).toEqual({ v: 1 });
    await expect(vault.read('limit', 2)).rejects.toMatchObject({ code: 'version_not_found' });
    vault.passSeconds(3600);
    await vault.put('limit', { json: { v: 4 } });
    expect((await states('limit')).map(([version, state]) => [version, state])).toEqual([
      [4, 'current'],
      [3, 'destroyed'],
      [2, 'destroyed'],
      [1, 'destroyed'],
    ]);
  });

  it('inherits the lifetime, counted anew', async () => {
    await vault.put('inherits', { expiresIn: '2h' });
    vault.passSeconds(3600);
    const { completedAtMicros } = await vault.rotate('inherits', { json: { v: 2 } });
    expect((await vault.metadata('inherits')).facts.expiresAtMicros).toBe(completedAtMicros + 2 * hour);
  });

  it('generates by the policy of the call, else of the secret, and needs one of them or a value', async () => {
    await vault.put('made');
    await expect(vault.rotate('made')).rejects.toMatchObject({
      code: 'validation_error',
      details: { fields: [expect.objectContaining({ field: 'data', rule: 'required' })] },
    });
    const { rotation } = await vault.rotate('made', { secretPolicyId: 'sp_call' });
    expect(rotation.isGenerated).toBe(true);
    expect((await vault.read('made')).json).toMatchObject({ owner: 't:tnt_a', id: 'sp_call' });
    expect((await vault.rotate('made', { json: { own: 1 } })).rotation.isGenerated).toBe(false);
  });

  it('is written down, and goes with its secret', async () => {
    await vault.put('history');
    const { rotation } = await vault.rotate('history', { json: { v: 2 }, reason: 'leaked' });
    const rows = () =>
      vault.admin`select path, old_version, new_version, reason from secrets.rotation where id = ${rotation.id}`;
    expect(await rows()).toEqual([{ path: 'history', old_version: 1, new_version: 2, reason: 'leaked' }]);
    await vault.remove('history', { permanent: true });
    expect(await rows()).toEqual([]);
  });

  it('is refused for what is not there, deleted, or at another version', async () => {
    await expect(vault.rotate('absent', { json: { v: 1 } })).rejects.toMatchObject({ code: 'secret_not_found' });
    await vault.put('refused');
    await expect(vault.rotate('refused', { json: { v: 2 }, ifMatch: '"v2"' })).rejects.toMatchObject({
      code: 'version_conflict',
      details: { current_version: 1 },
    });
    await expect(vault.rotate('refused', { json: { v: 2 }, gracePeriod: '1x' })).rejects.toMatchObject({
      code: 'invalid_duration',
    });
    await vault.remove('refused');
    await expect(vault.rotate('refused', { json: { v: 2 } })).rejects.toMatchObject({ code: 'secret_not_found' });
  });
});

describe('destroying versions', () => {
  const kept = async (path: string) =>
    (
      await vault.admin`
      select version from secrets.version where scope_id = 't:tnt_a' and path = ${path}
        and num_nonnulls(data_ct, object_key, data_key_wrapped, wrapped_by) > 0 order by version`
    ).map(({ version }) => version);

  it('erases ciphertext and key of those named, and nothing else', async () => {
    for (let v = 1; v <= 4; v += 1) await vault.put('destroy', { json: { v } });
    expect(await vault.destroy('destroy', [1, 3])).toEqual({ destroyed: [3, 1], remaining: [4, 2] });
    expect(await kept('destroy')).toEqual([2, 4]);
    await expect(vault.read('destroy', 3)).rejects.toMatchObject({ code: 'version_not_found' });
    expect((await vault.read('destroy', 2)).json).toEqual({ v: 2 });
    expect((await vault.metadata('destroy')).versionCount).toBe(2);
    expect((await states('destroy')).map(([, state]) => state)).toEqual([
      'current',
      'destroyed',
      'superseded',
      'destroyed',
    ]);
  });

  it('does all or nothing', async () => {
    for (let v = 1; v <= 3; v += 1) await vault.put('all', { json: { v } });
    await expect(vault.destroy('all', [1, 9])).rejects.toMatchObject({
      code: 'version_not_found',
      details: { version: 9 },
    });
    await expect(vault.destroy('all', [1, 3])).rejects.toMatchObject({
      code: 'validation_error',
      details: { fields: [expect.objectContaining({ field: 'versions', rule: 'conflict' })] },
    });
    expect(await kept('all')).toEqual([1, 2, 3]);
    await vault.destroy('all', [1]);
    await expect(vault.destroy('all', [1])).rejects.toMatchObject({ code: 'version_not_found' });
    await vault.remove('all');
    await expect(vault.destroy('all', [2])).rejects.toMatchObject({ code: 'secret_not_found' });
  });
});

describe('a value that is generated', () => {
  it('is written like any other', async () => {
    await vault.put('generated', { data: undefined, generateFrom: 'sp_x' });
    expect((await vault.read('generated')).json).toMatchObject({ id: 'sp_x' });
  });
});
