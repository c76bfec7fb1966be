import type { Answer } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cast, openCast } from './attack-cast.ts';
import { expectRefusal } from './expect-refusal.ts';
import { grant, succeeded } from './grant.ts';
import { borrowUnlimited } from './shared-vault.ts';
import { throughProxy } from './through-proxy.ts';
import { shapes } from './unlimited-vault.ts';

const allowed = '203.0.113.7';
const elsewhere = '198.51.100.9';

/** One unit a minute of what the limiter's test takes. */
const limits = { 'secrets:delete': 1, 'policies:test': 1, 'batch:read': 1 };
const limited = ['user:alice@acme.example', 'user:bob@acme.example'];
const entryOf = (identity: string): string => `/v1/rate-limits/${encodeURIComponent(identity)}`;

describe.each(shapes)('holes at the edge (%s)', (shape) => {
  let cast: Cast;
  let { vault, sql, alice, bob, put, get, post } = {} as Cast;
  beforeAll(async () => {
    cast = await openCast(throughProxy(await borrowUnlimited(shape)));
    ({ vault, sql, alice, bob, put, get, post } = cast);
    await put('edge/a');
    const conditions = { ip_ranges: ['203.0.113.0/24'] };
    await grant(vault, 'user:bob@acme.example', [{ path_pattern: 'edge/*', permissions: ['read'], conditions }]);
  });
  afterAll(async () => {
    for (const identity of limited) await vault?.request('DELETE', entryOf(identity));
    await cast?.[Symbol.asyncDispose]();
  });

  it.each([
    ['nothing', '', false],
    ['an address', allowed, true],
    ['an address as IPv6 maps it', `::ffff:${allowed}`, true],
    ['an address that another of our proxies passed on', `${allowed}, 127.0.0.9`, true],
    ['an address behind words of the client', `${elsewhere}, ${allowed}`, true],
    ['words of the client in front of another address', `${allowed}, ${elsewhere}`, false],
    ['the same, through two of our proxies', `${allowed}, ${elsewhere}, 127.0.0.9`, false],
    ['an address behind garbage', `${allowed}, garbage`, false],
    ['an address with a port', `${allowed}:443`, true],
    ['a port behind words of the client', `${allowed}, ${elsewhere}:443`, false],
    ['an address in quotes', `"${allowed}"`, false],
    ['an empty entry', `${allowed},`, false],
    ['a network', '203.0.113.0/24', false],
    ['a number', '3405803783', false],
    ['octal parts', '0313.0.0161.07', false],
    ['hexadecimal parts', '0xcb.0.0x71.7', false],
  ])('X-Forwarded-For of a trusted proxy: %s', async (_, forwarded, opens) => {
    const headers: Record<string, string> = forwarded === '' ? {} : { 'x-forwarded-for': forwarded };
    const answer = await get('secrets/edge/a', bob, headers);
    if (opens) succeeded(answer);
    else expectRefusal(answer, 403, 'ip_not_allowed', { failed_condition: 'ip_ranges' });
    for (const name of ['x-real-ip', 'x-client-ip'])
      expectRefusal(await get('secrets/edge/a', bob, { [name]: allowed }), 403, 'ip_not_allowed');
    const forged = await get('secrets/edge/a', bob, { ...headers, forwarded: `for=${allowed}` });
    expect(forged.status).toBe(opens ? 200 : 403);
  });

  /** Nothing of ours can be read or written meanwhile; whoever tries waits. */
  const whileTablesAreLocked = <Result>(work: () => Promise<Result>): Promise<Result> =>
    sql.begin(async (tx) => {
      const tables = await tx<{ name: string }[]>`
        select schemaname || '.' || tablename as name from pg_tables where schemaname in ('secrets', 'policy', 'identity')`;
      await tx.unsafe(`lock table ${tables.map(({ name }) => name).join(', ')} in access exclusive mode`);
      return await work();
    }) as Promise<Result>;

  it('work done before the limiter', async () => {
    for (const identity of limited) succeeded(await vault.request('PUT', entryOf(identity), { body: { limits } }));
    const remove = (token: string) => vault.request('DELETE', '/v1/secrets/edge/none', { token });
    const batch = () => post('secrets/batch', alice, { paths: ['edge/a'] });
    const test = () =>
      post('policies/test', alice, { identity_id: 'user:bob@acme.example', path: 'edge/a', permission: 'read' });
    // The one unit that each of them has.
    expectRefusal(await remove(alice), 404, 'secret_not_found');
    expectRefusal(await remove(bob), 403, 'access_denied');
    for (const answer of [await batch(), await test()]) succeeded(answer);

    let isReadAnswered = false;
    let reading: Promise<Answer> | undefined;
    await cast.untouched(async () => {
      const refused = await whileTablesAreLocked(async () => {
        reading = get('secrets/edge/a', alice).finally(() => {
          isReadAnswered = true;
        });
        const answers = await Promise.all([remove(alice), remove(bob), batch(), test()]);
        expect(isReadAnswered).toBe(false);
        return answers;
      });
      for (const answer of refused) expectRefusal(answer, 429, 'rate_limited', { limit: 1, required: 1 });
    });
    expect((await reading)?.status).toBe(200);
  });
});
