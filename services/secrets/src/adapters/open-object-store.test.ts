import { loadConfiguration } from '@scaivault/runtime';
import { expect, it } from 'vitest';
import { openObjectStore } from './open-object-store.ts';

const noDatabase = {
  sql: undefined as never,
  withScope: () => Promise.reject(new Error('This test has no database.')),
};
const open = (env: Record<string, string>) => openObjectStore(loadConfiguration(env), noDatabase);

const keys = { S3_ACCESS_KEY_ID: 'canary-id', S3_SECRET_ACCESS_KEY: 'canary-key' };

it.each([
  [{ S3_BUCKET: '' }, 'S3_BUCKET is empty'],
  [{ S3_BUCKET: 'b', S3_REGION: '' }, 'S3_REGION is empty'],
  [{ S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'canary-id' }, 'S3_SECRET_ACCESS_KEY is missing'],
  [{ S3_BUCKET: 'b', S3_SECRET_ACCESS_KEY: 'canary-key' }, 'S3_ACCESS_KEY_ID is missing'],
  [{ S3_ENDPOINT: 'https://s3.example' }, 'S3_BUCKET is needed when S3_ENDPOINT is set'],
  [keys, 'S3_BUCKET is needed when S3_ACCESS_KEY_ID is set'],
])('a configuration like %j stops the start and names the setting, not its value', async (env, message) => {
  const refused: unknown = await open(env).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'ConfigurationError', message: expect.stringContaining(message) });
  expect(String(refused)).not.toContain('canary');
});

it.each([{}, { S3_REGION: 'eu-west-1' }, { S3_BUCKET: 'b' }, { S3_BUCKET: 'b', ...keys }])(
  'a configuration like %j opens without asking anybody',
  async (env) => {
    await (await open(env)).close();
  },
);
