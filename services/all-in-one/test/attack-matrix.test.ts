import type { Answer, Vault } from '@scaivault/testkit/start-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint } from './attack-fingerprint.ts';
import { type PublicRpc, publicRpcs } from './attack-rpcs.ts';
import { type AttackRequest, openDoorOf, requestFor, type Targets, whyNotAttacked } from './attack-samples.ts';
import { type AttackWorld, absent, canaries, openAttackWorld } from './attack-world.ts';
import { type Attempt, attacks, foreignThings, noPolicy } from './attacks.ts';
import { expectRefusal } from './expect-refusal.ts';
import { type Bucket, openBucket } from './open-bucket.ts';
import { borrowWatched } from './shared-vault.ts';
import { shapes } from './unlimited-vault.ts';
import { until } from './until.ts';

const attacked = publicRpcs.filter((rpc) => whyNotAttacked(rpc, absent) === undefined);
const byId = (rpcs: readonly PublicRpc[]) => rpcs.map((rpc) => [rpc.id, rpc] as const);

/** What a client can tell answers apart by, without the names that were asked for. */
const faceOf = ({ status, headers, text, json }: Answer, targets: Targets): unknown => {
  const { request_id: requestId = '' } = json?.error ?? {};
  const names = Object.entries(targets).toSorted(([, one], [, other]) => other.length - one.length);
  const words = (from: string) => names.reduce((face, [name, value]) => face.replaceAll(value, `<${name}>`), from);
  return {
    status,
    headers: [...headers.keys()].filter((name) => name !== 'connection' && name !== 'keep-alive'),
    text: words(text).replaceAll(requestId, '<request_id>'),
  };
};

/** True: the answer shows nothing, and whatever was named in the request is refused. */
const expectNothing = ({ status, json, text }: Answer): void => {
  expect(status, text).toBe(200);
  expect(Object.keys(json.secrets)).toEqual([]);
  for (const { code } of Object.values<{ code: string }>(json.errors ?? {})) expect(code).toBe('access_denied');
};

/** The rows are of the stranger's tenant, and of the attempts of this one on that path. */
const expectOwnDeeds = ({ status, json, text }: Answer): void => {
  expect(status, text).toBe(200);
  for (const log of json.logs) {
    expect(log.tenant_id).toBe('tnt_umbrella_prod');
    expect(log.identity_id).toBe('user:dave@umbrella.example');
  }
};

/** In the stranger's own tenant or partner there is no such thing, and the documented answer says so. */
const expectAbsence = (rpc: PublicRpc, { status, json, text }: Answer): void => {
  if (status === 200) {
    expect(rpc.access.eachRow || rpc.absenceCodes.length === 0, text).toBe(true);
    expect(Object.keys(json.secrets ?? {})).toEqual([]);
  } else {
    expect([status, json.error.code]).toBeOneOf([
      ...['not_found', ...rpc.absenceCodes].map((code) => [404, code]),
      [403, 'forbidden'],
      [403, 'tenant_access_denied'],
    ]);
  }
};

/** Median milliseconds of both, asked in turns, so that a slow moment of the machine meets both alike. */
const medianMs = async (rounds: number, ...asking: readonly (() => Promise<unknown>)[]): Promise<readonly number[]> => {
  const times = asking.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [which, ask] of asking.entries()) {
      const started = performance.now();
      await ask();
      times[which]?.push(performance.now() - started);
    }
  return times.map((list) => list.toSorted((one, other) => one - other)[rounds >> 1] ?? 0);
};

it.each(byId(publicRpcs))('%s can be attacked', (_, rpc) => {
  expect(whyNotAttacked(rpc, absent)).toBeUndefined();
});

describe.each(shapes)('the attack matrix (%s)', (shape) => {
  let bucket: Bucket;
  let world: AttackWorld;
  let vault: Vault;
  let sql: Awaited<ReturnType<Vault['openDatabase']>>;
  let before: Awaited<ReturnType<typeof fingerprint>>;
  beforeAll(async () => {
    // Records are sealed while somebody waits for it; where the webhook of the attacked leads, nobody is.
    // vitest.config.ts lets the others of this vault go first: what is done last here leaves nothing of it.
    vault = await borrowWatched(shape);
    bucket = await openBucket();
    world = await openAttackWorld(vault, bucket);
    sql = await vault.openDatabase();
    await until('the sync of the start is over', async () => {
      const running = await sql`select 1 from identity.sync_run where status = 'running'`;
      return running.length === 0 ? true : undefined;
    });
    before = await fingerprint(sql);
  });
  afterAll(async () => {
    await sql?.end();
    await vault?.[Symbol.asyncDispose]();
    await bucket?.[Symbol.asyncDispose]();
  });

  const send = ({ method, path, token, body, headers = {} }: AttackRequest): Promise<Answer> =>
    vault.request(method, path, { token, headers, ...(body === undefined ? {} : { body }) });

  const undertake = async (rpc: PublicRpc, { expected, request, twin }: Attempt): Promise<void> => {
    const answer = await send(request);
    if (expected === 'nothing') expectNothing(answer);
    else if (expected === 'own') expect(answer.status, answer.text).toBe(200);
    else if (expected === 'own deeds') expectOwnDeeds(answer);
    else if (expected === 'absence') expectAbsence(rpc, answer);
    else expectRefusal(answer, expected.status, expected.code, expected.details);
    for (const canary of canaries) expect(answer.text).not.toContain(canary);
    if (twin !== undefined) expect(faceOf(answer, world.acme)).toEqual(faceOf(await send(twin), absent));
  };

  describe.each(attacks)('$name', ({ isFor, attempts }) => {
    it.each(byId(attacked.filter(isFor)))('refuses %s', async (_, rpc) => {
      const undertakings = attempts(rpc, world).map((attempt) =>
        undertake(rpc, attempt).catch((cause: unknown) => {
          throw new Error(`${attempt.how}: ${attempt.request.method} ${attempt.request.path}`, { cause });
        }),
      );
      await Promise.all(undertakings);
    });
    it('leaves no row touched', async () => {
      expect(await fingerprint(sql)).toEqual(before);
    });
  });

  /** Whether a thing exists must not show in the work done for it: a lookup more, a key unwrapped, a value opened. */
  it('takes the same order of time for what exists and what does not', async () => {
    const pairs = [foreignThings, noPolicy].flatMap(({ isFor, attempts }) =>
      attacked.filter((rpc) => isFor(rpc) && rpc.httpMethod === 'GET').flatMap((rpc) => attempts(rpc, world)),
    );
    expect(pairs.length).toBeGreaterThan(10);
    for (const { how, request, twin = request } of pairs) {
      const [there = 0, nowhere = 0] = await medianMs(
        9,
        () => send(request),
        () => send(twin),
      );
      expect(there / nowhere, `${how}: ${request.path}`).toBeGreaterThan(0.1);
      expect(there / nowhere, `${how}: ${request.path}`).toBeLessThan(10);
    }
  }, 60_000);

  it.each(byId(attacked.filter(({ isPublic }) => isPublic)))(
    '%s gives nothing without its own proof',
    async (_, rpc) => {
      const { body, status, code } = openDoorOf(rpc) ?? { body: {}, status: 0, code: '' };
      for (const token of [null, world.as.tenantAdmin])
        expectRefusal(await send({ ...requestFor(rpc, world.acme, token), body }), status, code);
      expect(await fingerprint(sql)).toEqual(before);
    },
  );

  /** Without this every refusal above could be one of a malformed sample. The last thing done: it changes and deletes. */
  it('carries out every sample for somebody who may', async () => {
    const last = (rpc: PublicRpc) => (rpc.httpMethod === 'DELETE' ? 1 : 0);
    const refusals: string[] = [];
    for (const rpc of attacked.filter(({ isPublic }) => !isPublic).toSorted((one, other) => last(one) - last(other))) {
      const by = (token: string) => send(requestFor(rpc, world.acme, token));
      let answer = await by(world.as.tenantAdmin);
      if (answer.json?.error?.code === 'forbidden') answer = await by(world.as.partnerAdmin);
      const { status, text } = answer;
      if (status >= 300 && status !== 409) refusals.push(`${rpc.id}: ${status} ${text}`);
    }
    expect(refusals).toEqual([]);
    expect(await fingerprint(sql)).not.toEqual(before);
  });
});
