import { createHash, createPublicKey, verify } from 'node:crypto';
import { describeWithComponent } from '@scaivault/testkit/component';
import { findS3, type TestS3 } from '@scaivault/testkit/s3';
import canonicalize from 'canonicalize';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { encode, recordOf } from '../open-log.ts';
import { type OpenExports, openExports, verifyExport } from './open-exports.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const text = (objects: ReadonlyMap<string, Buffer>, kind: string): string =>
  [...objects]
    .filter(([name]) => name.includes(`/${kind}`))
    .map(([, bytes]) => String(bytes))
    .join('');
const linesOf = (objects: ReadonlyMap<string, Buffer>, kind: string) =>
  text(objects, kind)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The manifest, when the signature of one of the keys is on it: another reading of what the README says. */
const signedManifest = (objects: ReadonlyMap<string, Buffer>) => {
  const { manifest, key_id, signature } = JSON.parse(text(objects, 'manifest.json'));
  const { keys } = JSON.parse(text(objects, 'keys.json'));
  const jwk = keys.find(({ kid }: { kid: string }) => kid === key_id);
  const digest = createHash('sha256')
    .update(Buffer.of(3))
    .update(canonicalize(manifest) ?? '')
    .digest();
  const isSigned = verify(
    null,
    digest,
    createPublicKey({ key: jwk, format: 'jwk' }),
    Buffer.from(signature, 'base64url'),
  );
  expect(isSigned).toBe(true);
  return manifest;
};

describeWithComponent(findS3(), (start) => {
  let s3: TestS3;
  let stage: OpenExports;
  let bucket: string;
  beforeAll(async () => {
    s3 = await start();
    stage = await openExports();
    await stage.put('tnt_a', 700, { action: 'read' });
    await stage.put('tnt_b', 20);
    const odd = [
      { action: 'write', secretPath: 'team/x', userAgent: '=HYPERLINK("http://evil.example")' },
      { action: 'write', secretPath: 'team/x', success: false, errorCode: 'access_denied' },
      { action: 'rotate', secretPath: 'teams', extraData: new TextEncoder().encode('{"b":"ü","a":[1,"\\n"]}') },
    ];
    await stage.ingest(odd.map((more) => encode(recordOf(more))));
    await stage.put('tnt_a', 400, { action: 'list' });
    // A full batch, and what is left.
    await stage.seal();
    await stage.seal();
  });
  beforeEach(async () => {
    bucket = await s3.createBucket();
    const { endpoint, region, accessKeyId, secretAccessKey } = s3.access;
    stage.secret = { endpoint, region, access_key_id: accessKeyId, secret_access_key: secretAccessKey };
  });
  afterEach(() => expect(stage.defects.splice(0)).toEqual([]));
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    await s3[Symbol.asyncDispose]();
  });

  it('writes files that are verified offline, and of which every changed byte is named', async () => {
    const exportId = await stage.create({ bucket, prefix: 'audit/2026' });
    // What comes later is not part of it.
    await stage.put('tnt_a', 5, { action: 'late' });
    await stage.seal();
    const { status, recordCount, files, checkpointIds, error } = await stage.finish(exportId);
    expect({ status, recordCount, error }).toEqual({ status: 'completed', recordCount: 1103, error: undefined });

    const objects = await s3.readBucket(bucket);
    expect(files.map(({ name }) => name).toSorted()).toEqual([...objects.keys()].toSorted());
    for (const { name, bytes, sha256: hash } of files) {
      const object = objects.get(name) ?? Buffer.alloc(0);
      expect([name, object.length, sha256(object)]).toEqual([name, bytes, hash.toString('hex')]);
    }
    expect(files.filter(({ records }) => records > 0).length).toBeGreaterThan(3);
    expect(files.reduce((sum, { records }) => sum + records, 0)).toBe(1103);
    expect(files.at(-1)?.name).toBe(`audit/2026/${exportId}/manifest.json`);

    const records = linesOf(objects, 'records-');
    expect(records.map(({ event_seq }) => event_seq)).toEqual(Array.from({ length: 1103 }, (_, i) => i + 1));
    expect(records.every(({ tenant_id }) => tenant_id === 'tnt_a')).toBe(true);
    expect(linesOf(objects, 'checkpoints-').map(({ id }) => id)).toEqual(checkpointIds);

    const report = await verifyExport(objects);
    expect(report).toMatchObject({ records: 1103, checkpoints: checkpointIds.length, findingCount: 0 });
    const [name = '', bytes = Buffer.alloc(0)] = [...objects].find(([key]) => key.includes('records-00002')) ?? [];
    const line = String(bytes).split('\n')[3] ?? '';
    const changed = Buffer.from(String(bytes).replace(line, line.replace('"duration_ms":3', '"duration_ms":4')));
    expect((await verifyExport(new Map(objects).set(name, changed))).findings).toMatchObject([
      { reason: 'file_changed', what: expect.stringContaining('records-00002.jsonl') },
      { reason: 'record_changed', eventSeq: JSON.parse(line).event_seq },
    ]);
  });

  it('cannot be cut short, or said to be another one', async () => {
    const exportId = await stage.create({ bucket, format: 'csv' });
    await stage.finish(exportId);
    const objects = await s3.readBucket(bucket);
    expect(await verifyExport(objects)).toMatchObject({ findingCount: 0 });
    const without = new Map(objects);
    without.delete(`${exportId}/records-00002.csv`);
    expect((await verifyExport(without)).findings).toMatchObject([{ reason: 'file_missing' }]);
    const manifest = `${exportId}/manifest.json`;
    const shorter = JSON.parse(String(objects.get(manifest)));
    shorter.manifest.files = shorter.manifest.files.filter(
      ({ name }: { name: string }) => name !== 'records-00002.csv',
    );
    without.set(manifest, Buffer.from(JSON.stringify(shorter)));
    expect((await verifyExport(without)).findings).toMatchObject([{ reason: 'signature_invalid' }]);
    without.delete(manifest);
    await expect(verifyExport(without)).rejects.toThrow('not complete');
    shorter.manifest.files = [{ name: '../keys.json', sha256: '' }];
    without.set(manifest, Buffer.from(JSON.stringify(shorter)));
    await expect(verifyExport(without)).rejects.toThrow('no file');
  });

  it('has a signed manifest that says what belongs to it', async () => {
    const exportId = await stage.create({ bucket });
    const { files, checkpointIds } = await stage.finish(exportId);
    const objects = await s3.readBucket(bucket);
    const manifest = signedManifest(objects);
    const chain = linesOf(objects, 'checkpoints-');
    expect(manifest).toMatchObject({
      export_id: exportId,
      tenant_id: 'tnt_a',
      format: 'jsonl',
      filters: { action: [] },
      record_count: 1108,
      first_event_seq: 1,
      last_event_seq: 1108,
      up_to_event_seq: 1108,
      checkpoint_count: checkpointIds.length,
      last_checkpoint_id: checkpointIds.at(-1),
      last_head_hash: chain.at(-1)?.head_hash,
    });
    expect(manifest.files).toEqual(
      files
        .filter(({ name }) => !name.endsWith('manifest.json'))
        .map(({ name, sha256: hash, bytes, records }) => ({
          name: name.replace(`${exportId}/`, ''),
          bytes,
          records,
          sha256: hash.toString('hex'),
        })),
    );
  });

  it('holds what fits the filters only, and can be verified all the same', async () => {
    const filters = { action: ['write', 'rotate'], path_prefix: 'team' };
    const exportId = await stage.create({ bucket, filters });
    expect(await stage.finish(exportId)).toMatchObject({ status: 'completed', recordCount: 2 });
    const objects = await s3.readBucket(bucket);
    expect(linesOf(objects, 'records-').map(({ secret_path }) => secret_path)).toEqual(['team/x', 'team/x']);
    expect(await verifyExport(objects)).toMatchObject({ records: 2, findingCount: 0 });
  });

  it('has leaf hashes of those checkpoints only that seal a record of it', async () => {
    const exportId = await stage.create({ bucket, filters: { action: ['rotate', 'late'] } });
    expect(await stage.finish(exportId)).toMatchObject({ recordCount: 6 });
    const objects = await s3.readBucket(bucket);
    const chain = linesOf(objects, 'checkpoints-');
    expect(chain.map(({ first_event_seq: first, leaf_hashes: leaves }) => [first, leaves?.length])).toEqual([
      [1, 64_000],
      [1001, undefined],
      [1104, 320],
    ]);
    expect(await verifyExport(objects)).toMatchObject({ records: 6, findingCount: 0 });
  });

  it('writes CSV in which no cell is a formula', async () => {
    const exportId = await stage.create({ bucket, format: 'csv', filters: { action: ['write', 'rotate'] } });
    await stage.finish(exportId);
    const lines = text(await s3.readBucket(bucket), 'records-').split('\r\n');
    expect(lines[0]).toMatch(/^event_seq,id,tenant_id,timestamp,/);
    expect(lines[1]).toContain(',"\'=HYPERLINK(""http://evil.example"")",');
    expect(lines[3]).toContain(',"{""b"":""ü"",""a"":[1,""\\n""]}"');
    expect(lines).toHaveLength(5);
  });

  it('completes with a manifest of nothing where nothing fits', async () => {
    const exportId = await stage.create({ bucket, filters: { action: [], request_id: 'req_none' } });
    expect(await stage.finish(exportId)).toMatchObject({ status: 'completed', recordCount: 0, checkpointIds: [] });
    const manifest = signedManifest(await s3.readBucket(bucket));
    expect(manifest).toMatchObject({ record_count: 0, first_event_seq: null, last_head_hash: null });
  });

  it('waits until all that belongs to it is sealed', async () => {
    await stage.put('tnt_a', 1, { action: 'waiting' });
    const exportId = await stage.create({ bucket, filters: { action: ['waiting'] } });
    await stage.exports.runs.pass();
    await stage.exports.runs.idle();
    expect(await stage.read(exportId)).toMatchObject({ status: 'pending', recordCount: 0 });
    await stage.seal();
    expect(await stage.finish(exportId)).toMatchObject({ status: 'completed', recordCount: 1 });
  });

  it('is shown to nobody else', async () => {
    const exportId = await stage.create({ bucket });
    await expect(stage.read(exportId, 'tnt_b')).rejects.toMatchObject({ code: 'export_not_found' });
    await stage.finish(exportId);
  });
});
