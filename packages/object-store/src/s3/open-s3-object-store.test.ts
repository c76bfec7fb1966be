import { describe, expect, it } from 'vitest';
import { openS3ObjectStore } from './open-s3-object-store.ts';

const options = { bucket: 'b', region: 'us-east-1', forcePathStyle: true, timeoutMs: 1_000, largestBytes: 1_000 };

describe('opening a bucket', () => {
  it.each([
    ['half an access key', { accessKeyId: 'canary' }],
    ['the other half', { secretAccessKey: 'canary' }],
    ['a prefix that is no folder', { prefix: '../canary' }],
  ])('is refused with %s, which is not repeated', (_what, wrong) => {
    const open = () => openS3ObjectStore({ ...options, ...wrong });
    expect(open).toThrow(expect.objectContaining({ code: 'invalid_config' }));
    expect(open).toThrow(expect.objectContaining({ message: expect.not.stringContaining('canary') }));
  });

  it('is refused for no other reason before the first call', async () => {
    await openS3ObjectStore(options).close();
  });
});
