import type { Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { grant, succeeded } from './grant.ts';
import { foundIn, spellingsOf, tablesWith } from './search-for-leaks.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { until } from './until.ts';

interface Event {
  readonly event_id: string;
  readonly event_type: string;
  readonly path: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

const canary = `canary${crypto.randomUUID().replaceAll('-', '')}`;
let vault: Vault;
let subscription: string;
beforeAll(async () => {
  vault = await borrowUnlimited('all-in-one');
  const body = { name: 'everything', paths: ['**'], events: ['*'], delivery: { type: 'polling' } };
  subscription = succeeded(await vault.request('POST', '/v1/subscriptions', { body })).json.id;
});
afterAll(async () => {
  await vault?.request('DELETE', `/v1/subscriptions/${subscription}`);
  await vault?.[Symbol.asyncDispose]();
});

const poll = async (): Promise<readonly Event[]> =>
  succeeded(await vault.request('GET', `/v1/subscriptions/${subscription}/poll?timeout=0&max_events=1000`)).json.events;

/** All events so far, once one of that type and path is among them. */
const eventsUntil = (type: string, path: string | null): Promise<readonly Event[]> =>
  until(
    `${type} ${path}`,
    async () => {
      const events = await poll();
      return events.some((event) => event.event_type === type && event.path === path) ? events : undefined;
    },
    15_000,
  );
const ofPath = (events: readonly Event[], path: string) =>
  events.filter((event) => event.path === path).map((event) => event.event_type);

it('what is done over REST is heard by whoever subscribed to it, in its order', async () => {
  const put = (path: string, token = vault.token) =>
    vault.request('PUT', `/v1/${path}`, { token, body: { data: { [canary]: canary }, metadata: { tags: ['crm'] } } });
  succeeded(await put('secrets/heard/a'));
  succeeded(await put('secrets/heard/a'));
  succeeded(
    await vault.request('POST', '/v1/secrets/heard/a:rotate', { body: { data: { n: canary }, grace_period: '0s' } }),
  );
  succeeded(await vault.request('DELETE', '/v1/secrets/heard/a'));
  succeeded(await put('partner/secrets/heard/shared', await vault.mint({ sub: 'carol@acme.example' })));
  await grant(vault, 'sa:ci', [{ path_pattern: 'elsewhere/**', permissions: ['read'] }]);
  const token = await vault.mint({ sub: 'sa:ci' });
  for (let n = 0; n < 3; n += 1)
    expect((await vault.request('GET', '/v1/secrets/heard/a', { token })).status).toBe(403);

  await eventsUntil('secret.created', 'partner/heard/shared');
  await eventsUntil('policy.binding.created', null);
  const events = await eventsUntil('policy.violation', 'heard/a');
  expect(ofPath(events, 'heard/a').filter((type) => type.startsWith('secret.'))).toEqual([
    'secret.created',
    'secret.updated',
    'secret.updated',
    'secret.rotated',
    'secret.deleted',
  ]);
  const violations = events.filter((event) => event.event_type === 'policy.violation' && event.path === 'heard/a');
  expect(violations.map(({ data }) => [data.permission, data.error_code, data.count])).toEqual([
    ['read', 'access_denied', 1],
  ]);
  expect(ofPath(events, 'partner/heard/shared')).toEqual(['secret.created']);
});

it('reads are heard a few seconds after somebody has subscribed to them', async () => {
  succeeded(await vault.request('PUT', '/v1/secrets/heard/read', { body: { data: { n: canary } } }));
  const access = await until(
    'secret.accessed',
    async () => {
      succeeded(await vault.request('GET', '/v1/secrets/heard/read'));
      return (await poll()).find((event) => event.event_type === 'secret.accessed');
    },
    15_000,
  );
  expect(access).toMatchObject({ path: 'heard/read', data: { version: 1, identity_type: 'user', batch: false } });
});

it('no value is in an event, nor in any table on its way', async () => {
  const needles = spellingsOf(canary);
  const answer = await vault.request('GET', `/v1/subscriptions/${subscription}/poll?timeout=0&max_events=1000`);
  expect(answer.text).toContain('secret.accessed');
  expect(foundIn(answer.text, needles)).toEqual([]);
  expect(await tablesWith(vault, needles)).toEqual([]);
});
