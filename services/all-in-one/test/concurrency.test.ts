import type { Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allAuditRows, eventNumbers } from './audit-rows.ts';
import { findStale, type Observation } from './find-stale.ts';
import { succeeded } from './grant.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';
import { until } from './until.ts';

const many = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe.each(shapes)('writers at the same time (%s)', (shape) => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await borrowUnlimited(shape);
  });
  afterAll(() => vault?.[Symbol.asyncDispose]());

  const put = (path: string, value: unknown, options: object = {}) =>
    vault.request('PUT', `/v1/secrets/${path}`, { body: { data: { value }, options } });

  it('lets exactly one of two win who have seen the same version', async () => {
    for (const version of many(10)) {
      const answers = await Promise.all(
        ['one', 'two'].map((who) => put('race/two', `${who} ${version}`, { expected_version: version - 1 })),
      );
      const won = answers.findIndex(({ status }) => status < 300);
      const [winner, loser] = [answers[won], answers[1 - won]];
      expect([winner?.status, winner?.json.version]).toEqual([version === 1 ? 201 : 200, version]);
      expect([loser?.status, loser?.json.error.details.current_version]).toEqual([409, version]);
      const read = await vault.request('GET', '/v1/secrets/race/two');
      expect(read.json).toMatchObject({ version, data: { value: `${won === 0 ? 'one' : 'two'} ${version}` } });
    }
  });

  it('lets exactly one of twenty create a secret', async () => {
    const answers = await Promise.all(many(20).map((who) => put('race/first', who, { expected_version: 0 })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });

  it('gives two hundred writers two hundred versions without a gap, each with the value of its writer', async () => {
    const answers = await Promise.all(many(200).map((who) => put('race/many', who, { max_versions: 100 })));
    for (const answer of answers) succeeded(answer);
    const versions = answers.map(({ json }) => json.version as number);
    expect(versions.toSorted((a, b) => a - b)).toEqual(many(200));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const [index, version] of versions.entries()) {
      const read = await vault.request('GET', `/v1/secrets/race/many?version=${version}`);
      if (version <= 100) expect([version, read.status]).toEqual([version, 404]);
      else expect([version, read.json.data]).toEqual([version, { value: index + 1 }]);
    }
  });

  it('numbers their audit rows without a gap', async () => {
    const rows = await until('a row of each write', async () => {
      const found = await allAuditRows(vault, 'path_prefix=race');
      const writes = found.filter(({ action }) => action === 'write');
      return writes.length >= 20 + 20 + 200 ? found : undefined;
    });
    const numbers = await eventNumbers(vault);
    expect(numbers).toEqual(many(numbers.length));
    expect(rows.filter(({ action }) => action === 'write')).toHaveLength(240);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  it('never shows a reader half a write', async () => {
    const value = (n: number) => `${n} `.repeat(5_000);
    succeeded(await put('race/torn', value(0)));
    const torn: unknown[] = [];
    let writing = true;
    const read = async (): Promise<void> => {
      while (writing) {
        const { json } = await vault.request('GET', '/v1/secrets/race/torn');
        if (json.data.value !== value(json.version - 1)) torn.push(json.version);
      }
    };
    const write = async (): Promise<void> => {
      for (const n of many(30)) succeeded(await put('race/torn', value(n)));
      writing = false;
    };
    await Promise.all([write(), read(), read(), read()]);
    expect(torn).toEqual([]);
  });

  it('shows no reader less than was there when it asked, whoever reads beside it', { timeout: 60_000 }, async () => {
    const history: Observation[] = [];
    const secrets = await Promise.all(
      ['tnt_acme_prod', 'tnt_acme_dev'].map(async (tenant) => ({
        tenant,
        token: await vault.mint({ sub: 'alice@acme.example', tenant_id: tenant, roles: ['tenant_admin'] }),
      })),
    ).then((tenants) => tenants.flatMap((one) => ['a', 'b'].map((name) => ({ ...one, path: `race/seen/${name}` }))));
    type Place = (typeof secrets)[number];

    const observe = async (kind: Observation['kind'], { tenant, path, token }: Place, value = ''): Promise<void> => {
      const askedAt = performance.now();
      const answer = succeeded(
        kind === 'read'
          ? await vault.request('GET', `/v1/secrets/${path}`, { token })
          : await vault.request('PUT', `/v1/secrets/${path}`, { token, body: { data: { value } } }),
      );
      const { version, data } = answer.json;
      const key = `${tenant} ${path}`;
      history.push({ key, kind, version, value: data?.value ?? value, askedAt, answeredAt: performance.now() });
    };

    for (const place of secrets) await observe('write', place, 'first');
    let writing = true;
    const readOn = async (place: Place): Promise<void> => {
      while (writing) await observe('read', place);
    };
    const write = async (writer: string): Promise<void> => {
      for (const n of many(12)) for (const place of secrets) await observe('write', place, `${writer} ${n}`);
    };
    const readers = secrets.flatMap((place) => [readOn(place), readOn(place), readOn(place), readOn(place)]);
    await Promise.all([write('one'), write('two')]);
    writing = false;
    await Promise.all(readers);
    expect(history.filter(({ kind }) => kind === 'read').length).toBeGreaterThan(100);
    expect(findStale(history)).toEqual([]);
  });
});
