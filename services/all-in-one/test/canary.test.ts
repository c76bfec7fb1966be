import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allAuditRows, auditRowsOf } from './audit-rows.ts';
import { endedExport } from './ended-export.ts';
import { grant, succeeded } from './grant.ts';
import { type Bucket, bucketName, openBucket } from './open-bucket.ts';
import { rawRequest } from './raw-request.ts';
import { mintHostile } from './scaikey-control.ts';
import { filesWith, foundIn, spellingsOf, tablesWith } from './search-for-leaks.ts';
import { borrowWatched } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';

const newCanary = (): string => `canary${randomBytes(12).toString('hex')}`;
const secret = '/v1/secrets/canary/a';

describe.each(shapes)('what is secret stays secret (%s)', (shape) => {
  /** Stands in values, as key and as value, and in inputs that are refused. */
  const canary = newCanary();
  /** Stands in metadata, which is no secret: it shows that the search finds what is there. */
  const control = newCanary();
  const needles = spellingsOf(canary);
  const data = { [canary]: canary, deep: { list: [{ x: `a ${canary} b` }], quoted: `"${canary}"\n` } };
  const refusals: Answer[] = [];
  const tokens: string[] = [];
  let vault: Vault;
  let bucket: Bucket;

  const put = (body: unknown, path = secret, token = vault.token) => vault.request('PUT', path, { token, body });
  const refused = async (status: number, answer: Answer | Promise<Answer>) => {
    refusals.push(await answer);
    expect((await answer).status, (await answer).text).toBe(status);
  };
  const keep = async (token: string | Promise<string>): Promise<string> => {
    tokens.push(await token);
    return token;
  };

  beforeAll(async () => {
    vault = await borrowWatched(shape);
    bucket = await openBucket(canary);
    succeeded(await put({ data, metadata: { description: control } }));
    succeeded(await put({ data: { ...data, more: 'x'.repeat(100_000) } }));
    for (const query of ['', '?version=1'])
      expect((await vault.request('GET', `${secret}${query}`)).json.data).toMatchObject(data);
    succeeded(await vault.request('GET', `${secret}:versions`));
    succeeded(await vault.request('GET', '/v1/secrets?prefix=canary'));

    const bob = await keep(vault.mint({ sub: 'bob@acme.example' }));
    const ci = await keep(vault.mint({ sub: 'sa:ci' }));
    await grant(vault, 'sa:ci', [{ path_pattern: 'canary/*', permissions: ['read', 'write'] }]);
    succeeded(await put({ data }, secret, ci));
    const headers = { 'content-type': 'application/json' };
    const raw = (body: string, more: object = {}) =>
      rawRequest(vault, { method: 'PUT', path: secret, headers, body, ...more });
    const good = JSON.stringify({ data });
    await refused(400, raw(`{"data":{"k":"${canary}"`));
    await refused(400, raw(`{"data":{"k":"${canary}\\x"}}`));
    await refused(400, raw(`${good}${canary}`));
    await refused(400, raw(`["${canary}"]`));
    await refused(400, raw(`{"data":{"k":"${canary}"},"data":{"k":"${canary}"}}`));
    await refused(415, raw(good, { headers: { 'content-type': 'text/plain' } }));
    await refused(401, raw(good, { token: null }));
    await refused(422, put({ data: [canary] }));
    await refused(422, put({ data: canary }));
    await refused(422, put({ data, password: canary }));
    await refused(422, put({ data, options: { max_versions: canary } }));
    await refused(422, put({ data, metadata: { description: [canary] } }));
    await refused(409, put({ data, options: { expected_version: 1 } }));
    await refused(413, put({ data: { ...data, large: 'x'.repeat(1_048_576) } }));
    await refused(413, put({ data, metadata: { free: 'x'.repeat(16_384) } }));
    await refused(403, put({ data }, secret, bob));
    await refused(403, put({ data }, '/v1/t/tnt_umbrella_prod/secrets/a'));
    await refused(400, put({ data }, '/v1/secrets/A'));
    await refused(405, vault.request('POST', secret, { body: { data } }));
    for (const wish of [{ defects: ['expired'] }, { defects: ['bad_signature'] }, { defects: ['hmac'] }])
      await refused(401, put({ data }, secret, await keep(mintHostile(vault, { token: { sub: 'usr_bob' }, ...wish }))));
    succeeded(await vault.request('DELETE', secret));
    await refused(409, put({ data }));
    succeeded(await vault.request('POST', `${secret}:restore`));
    await auditRowsOf(vault, succeeded(await vault.request('GET', secret)));
    await exportTrail();
  });
  afterAll(async () => {
    await vault?.[Symbol.asyncDispose]();
    await bucket?.[Symbol.asyncDispose]();
  });

  /** Once to a bucket whose secret key is the canary, and once to where such a key cannot be tried. */
  const exportTrail = async (): Promise<void> => {
    const path = 'canary/bucket';
    succeeded(await put({ data: bucket.credentials }, `/v1/secrets/${path}`));
    const destination = { type: 's3', bucket: bucketName, credentials_path: path };
    const body = { from: '2026-01-01T00:00:00Z', to: '2026-12-31T00:00:00Z', format: 'jsonl', destination };
    await refused(
      400,
      vault.request('POST', '/v1/audit/export', { body: { ...body, destination: { ...destination, type: 'gcs' } } }),
    );
    const { export_id: id } = succeeded(await vault.request('POST', '/v1/audit/export', { body })).json;
    expect(await endedExport(vault, id)).toMatchObject({ status: 'completed' });
  };

  it('in the tables of the database', async () => {
    expect(await tablesWith(vault, [control])).toEqual(['secrets.secret']);
    expect(await tablesWith(vault, needles)).toEqual([]);
  });

  it('in every file of the data folder, the database and the journals included', async () => {
    const sql = await vault.openDatabase();
    await sql`checkpoint`;
    await sql.end();
    expect((await filesWith(join(vault.dataDir, 'postgres/'), [control])).length).toBeGreaterThan(0);
    expect(await filesWith(vault.dataDir, needles)).toEqual([]);
    expect(await filesWith(join(vault.dataDir, 'postgres/'), needles)).toEqual([]);
  });

  it('in all that the processes print, at the level debug', () => {
    expect(vault.output().length).toBeGreaterThan(500);
    expect(foundIn(vault.output(), needles)).toEqual([]);
  });

  it('in the metrics', async () => {
    const text = await (await fetch(`${vault.url}/v1/metrics`)).text();
    expect(text).toContain('scaivault_requests_total');
    expect(foundIn(text, needles)).toEqual([]);
    expect(foundIn(text, tokens)).toEqual([]);
  });

  it('in refusals and in the audit trail', async () => {
    const trail = JSON.stringify(await allAuditRows(vault));
    expect(trail).toContain('canary/a');
    expect(foundIn(trail, needles)).toEqual([]);
    for (const { text } of refusals) expect(foundIn(text, [...needles, ...tokens])).toEqual([]);
  });

  it('in the files of an export', () => {
    const files = String([...bucket.files.values()]);
    expect(files).toContain('canary/a');
    expect(foundIn(files, needles)).toEqual([]);
  });

  it('as does every token: in tables, files, output and trail', async () => {
    // Header, claims and signature: neither the whole nor the part that proves something may lie about.
    const parts = tokens.flatMap((token) => [token, token.slice(-40)]);
    expect(await tablesWith(vault, parts)).toEqual([]);
    expect(await filesWith(vault.dataDir, parts)).toEqual([]);
    expect(foundIn(vault.output(), parts)).toEqual([]);
    expect(foundIn(JSON.stringify(await allAuditRows(vault)), parts)).toEqual([]);
    // The one token that is meant to be found, where it is meant to be.
    expect(await filesWith(vault.dataDir, [vault.token])).toEqual([join(vault.dataDir, 'dev.env')]);
  });
});
