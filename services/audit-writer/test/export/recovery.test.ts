import { describeWithComponent } from '@scaivault/testkit/component';
import { findS3, type TestS3 } from '@scaivault/testkit/s3';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { DestinationFailure } from '../../src/domain/export/destination-failure.ts';
import { createExportJobTable } from '../../src/store/export-job-table.ts';
import { type OpenExports, openExports, verifyExport } from './open-exports.ts';

describeWithComponent(findS3(), (start) => {
  let s3: TestS3;
  let stage: OpenExports;
  let bucket: string;
  beforeAll(async () => {
    s3 = await start();
    stage = await openExports();
    await stage.put('tnt_a', 800);
    await stage.seal();
  });
  beforeEach(async () => {
    bucket = await s3.createBucket();
    const { endpoint, region, accessKeyId, secretAccessKey } = s3.access;
    stage.secret = { endpoint, region, access_key_id: accessKeyId, secret_access_key: secretAccessKey };
  });
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    await s3[Symbol.asyncDispose]();
  });

  const rowOf = async (exportId: string) => {
    const [row] = await stage.owner.sql<{ attempts: number; due: number | null; text: string; keys: number }[]>`
      select attempts, extract(epoch from due_at - now())::float8 as due, e::text as text,
        num_nonnulls(credentials_ct, key_ct, key_wrapped, wrapped_by) as keys
      from export e where id = ${exportId}`;
    if (row === undefined) throw new Error('There is no such row.');
    return row;
  };
  const turn = async (workers = stage.exports): Promise<void> => {
    await workers.runs.pass();
    await workers.runs.idle();
  };

  it('goes on behind the last file that was written down, and a process that comes back late changes nothing', async () => {
    const jobs = createExportJobTable(stage.db);
    const late = Promise.withResolvers<void>();
    const answers: Promise<boolean>[] = [];
    let written = 0;
    // The third file has arrived and is not written down: as good as killed between the two.
    const lost = stage.workers({
      jobs: {
        ...jobs,
        advance: async (...progress) => {
          written += 1;
          if (written === 3) await late.promise;
          const answer = jobs.advance(...progress);
          answers.push(answer);
          return await answer;
        },
      },
    });
    const exportId = await stage.create({ bucket });
    await lost.runs.pass();
    await expect.poll(() => written).toBe(3);
    expect((await stage.read(exportId)).files).toHaveLength(3);
    const begun = await s3.readBucket(bucket);
    expect([...begun.keys()].filter((name) => name.includes('records-'))).toHaveLength(3);

    // Nobody takes it away from a process that may be alive.
    await turn();
    expect((await stage.read(exportId)).files).toHaveLength(3);
    const done = await stage.finish(exportId);
    late.resolve();
    await lost.runs.idle();
    expect(await Promise.all(answers)).toEqual([true, true, false]);
    expect(await stage.read(exportId)).toEqual(done);

    const objects = await s3.readBucket(bucket);
    for (const [name, bytes] of begun) expect(objects.get(name)).toEqual(bytes);
    const numbers = [...objects]
      .filter(([name]) => name.includes('records-'))
      .flatMap(([, bytes]) => String(bytes).trimEnd().split('\n'))
      .map((line) => JSON.parse(line).event_seq);
    expect(numbers).toEqual(Array.from({ length: 800 }, (_, i) => i + 1));
    expect(await verifyExport(objects)).toMatchObject({ records: 800, findingCount: 0 });
  });

  it('is worked on by one process only, and by any of them', async () => {
    const exportId = await stage.create({ bucket });
    const others = [stage.workers(), stage.workers(), stage.workers()];
    await Promise.all(others.map(turn));
    const { status, files } = await stage.read(exportId);
    expect([status, new Set(files.map(({ name }) => name)).size]).toEqual(['completed', files.length]);
  });

  it('runs one export of a tenant at a time, so that others have their turn', async () => {
    const [one, two] = [await stage.create({ bucket }), await stage.create({ bucket })];
    const claims = createExportJobTable(stage.db);
    const first = await claims.claim(60_000);
    expect([first?.exportId, await claims.claim(60_000)]).toEqual([one, undefined]);
    await stage.finish(one);
    await stage.finish(two);
  });

  it('survives a store that is away for a while', async () => {
    if (s3.outage === undefined) return;
    const exportId = await stage.create({ bucket });
    await s3.outage.begin();
    await turn();
    await s3.outage.end();
    expect(await stage.read(exportId)).toMatchObject({ status: 'running', error: undefined });
    const { attempts, due } = await rowOf(exportId);
    expect(attempts).toBe(1);
    expect(due).toBeGreaterThan(2);
    expect(await stage.finish(exportId)).toMatchObject({ status: 'completed', recordCount: 800 });
    expect(await verifyExport(await s3.readBucket(bucket))).toMatchObject({ findingCount: 0 });
  });

  it('fails after the tenth attempt, says why, and keeps no credentials', async () => {
    const refusing = stage.workers({
      openStore: () => Promise.resolve({ put: () => Promise.reject(new DestinationFailure('access_denied', 403)) }),
    });
    const exportId = await stage.create({ bucket });
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      await stage.passTime();
      await turn(refusing);
      expect(await stage.read(exportId)).toMatchObject({ status: 'running' });
      expect(await rowOf(exportId)).toMatchObject({ attempts: attempt, keys: 4 });
    }
    expect(await stage.finish(exportId, refusing)).toMatchObject({
      status: 'failed',
      error: { code: 'access_denied', message: 'The store refused the credentials. (HTTP 403)' },
    });
    expect(await rowOf(exportId)).toMatchObject({ keys: 0, due: null });
    expect([...(await s3.readBucket(bucket)).keys()]).toEqual([`${exportId}/export.json`]);
  });

  it('is given up when it takes its process down each time', async () => {
    const exportId = await stage.create({ bucket });
    await stage.owner.sql`update export set attempts = 10 where id = ${exportId}`;
    expect(await stage.finish(exportId)).toMatchObject({ status: 'failed', error: { code: 'internal_error' } });
  });

  it('waits for keys that are away without counting that as an attempt', async () => {
    const exportId = await stage.create({ bucket });
    stage.keySeal.isAway = true;
    await turn();
    stage.keySeal.isAway = false;
    expect(await rowOf(exportId)).toMatchObject({ attempts: 0, keys: 4 });
    expect(await stage.finish(exportId)).toMatchObject({ status: 'completed' });
    expect(await rowOf(exportId)).toMatchObject({ keys: 0 });
  });

  it('stops for a process that ends after the file under way, and goes on elsewhere at once', async () => {
    const jobs = createExportJobTable(stage.db);
    const ending = stage.workers({
      jobs: {
        ...jobs,
        advance: (...progress) => {
          ending.stop();
          return jobs.advance(...progress);
        },
      },
    });
    const exportId = await stage.create({ bucket });
    await turn(ending);
    expect((await stage.read(exportId)).files).toHaveLength(2);
    await turn();
    expect(await stage.read(exportId)).toMatchObject({ status: 'completed' });
  });

  it('is refused where the destination is no good, and nothing is kept of it', async () => {
    const { endpoint, accessKeyId, secretAccessKey } = s3.access;
    const good = { endpoint, access_key_id: accessKeyId, secret_access_key: secretAccessKey };
    const count = async () => (await stage.owner.sql`select from export`).length;
    const before = await count();
    const refusals = [
      [{ ...good, access_key_id: undefined }, bucket, 'credentials_path', 'invalid_credentials'],
      [{ ...good, secret_access_key: 7 }, bucket, 'credentials_path', 'invalid_credentials'],
      [{ ...good, endpoint: 'ftp://127.0.0.1' }, bucket, 'credentials_path', 'invalid_credentials'],
      [{ ...good, secret_access_key: 'wrong-canary' }, bucket, 'credentials_path', 'access_denied'],
      [good, 'scaivault-no-such-bucket', 'bucket', 'bucket_not_found'],
      [{ ...good, endpoint: 'https://10.0.0.1' }, bucket, 'credentials_path', 'target_not_allowed'],
      [{ ...good, endpoint: 'http://127.0.0.1:9' }, bucket, 'credentials_path', 'unreachable'],
    ] as const;
    for (const [secret, name, field, reason] of refusals) {
      stage.secret = secret;
      const refusal = await stage.create({ bucket: name }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'invalid_config', details: { field: `destination.${field}`, reason } });
      expect(JSON.stringify([refusal, String(refusal)])).not.toMatch(/canary|wrong|10\.0\.0\.1/);
    }
    expect([await count(), (await s3.readBucket(bucket)).size]).toEqual([before, 0]);
  });

  it('keeps credentials in no row, not even while it runs', async () => {
    const exportId = await stage.create({ bucket });
    const { text } = await rowOf(exportId);
    const { secretAccessKey } = s3.access;
    expect(text).toContain(bucket);
    for (const form of [secretAccessKey, Buffer.from(secretAccessKey).toString('hex')])
      expect(text).not.toContain(form);
    await stage.finish(exportId);
  });
});
