import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { PolicyService, type ReadSecretRequest } from '@scaivault/contracts';
import { isVaultError, VaultError } from '@scaivault/errors';
import { describe, expect, it } from 'vitest';
import type { CallContext } from '../src/rpc/call-context.ts';
import { headersOf } from '../src/rpc/error-headers.ts';
import { maxMessageBytes } from '../src/transport/limits.ts';
import { answerOf, openWire } from './open-wire.ts';

const refusalOf = async (call: Promise<unknown>): Promise<VaultError> => {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isVaultError(thrown)) throw new Error(`expected a refusal, got ${String(thrown)}`);
  return thrown;
};

const until = async (condition: () => boolean): Promise<void> => {
  await expect.poll(condition, { timeout: 3_000 }).toBe(true);
};

describe.each(['direct', 'unary', 'coalesced'] as const)('the %s wire', (wire) => {
  it('carries request, metadata, the name of the peer, answer and answer headers', async () => {
    const seen: Record<string, unknown> = {};
    await using open = await openWire(wire, (request, call) => {
      seen.path = request.path;
      seen.note = call.metadata.get('x-note');
      seen.absent = call.metadata.get('x-absent');
      seen.peer = call.peer;
      seen.timeLeft = call.timeoutMs() > 4_000 && call.timeoutMs() <= 5_000;
      call.responseHeader.set('etag', '"v7"');
      return answerOf(`${request.path}/answer`);
    });
    let etag: string | null = null;
    const answer = await open.client.readSecret(
      { path: 'app/ü' },
      { headers: { 'X-Note': 'hello' }, timeoutMs: 5_000, onHeader: (headers) => (etag = headers.get('etag')) },
    );
    expect(seen).toEqual({ path: 'app/ü', note: 'hello', absent: undefined, peer: 'gateway', timeLeft: true });
    expect(answer.path).toBe('app/ü/answer');
    expect(etag).toBe('"v7"');
  });

  it('carries a refusal whole: code, message, details, retry-after and headers, but never its cause', async () => {
    await using open = await openWire(wire, (_request, call) => {
      call.responseHeader.set('x-ratelimit-limit', '5');
      throw new VaultError('rate_limited', 'Zu viele – später "noch" einmal.\nBitte.', {
        details: { category: 'secrets:read', deep: [{ ok: true, nothing: null }] },
        retryAfterSeconds: 7,
        cause: new Error('canary'),
      });
    });
    const error = await refusalOf(open.client.readSecret({ path: 'a' }));
    expect(error).toMatchObject({
      code: 'rate_limited',
      message: 'Zu viele – später "noch" einmal.\nBitte.',
      details: { category: 'secrets:read', deep: [{ ok: true, nothing: null }] },
      retryAfterSeconds: 7,
    });
    expect(inspect(error)).not.toContain('canary');
    expect(headersOf(error)?.get('x-ratelimit-limit')).toBe('5');
  });

  it('carries a refusal with many details', async () => {
    const fields = Array.from({ length: 100 }, (_, index) => ({
      field: `items[${index}].name`,
      rule: 'format',
      message: 'must be an RFC 3339 timestamp '.repeat(5),
    }));
    await using open = await openWire(wire, () => {
      throw new VaultError('validation_error', 'Not valid.', { details: { fields } });
    });
    const error = await refusalOf(open.client.readSecret({ path: 'a' }));
    expect(error.code).toBe('validation_error');
    expect(error.details).toEqual({ fields });
  });

  it('leaves out details that no trailer can hold, and keeps the connection', async () => {
    await using open = await openWire(wire, (request) => {
      if (request.path === 'good') return answerOf('good');
      throw new VaultError('validation_error', 'Not valid.', { details: { long: 'x'.repeat(200_000) } });
    });
    const [error] = await Promise.all([
      refusalOf(open.client.readSecret({ path: 'bad' })),
      open.client.readSecret({ path: 'good' }),
    ]);
    expect(error).toMatchObject({ code: 'validation_error', message: 'Not valid.', details: undefined });
  });

  it.each([
    ['an unknown failure', () => Promise.reject(new Error('canary'))],
    ['an answer of the wrong shape', () => Promise.resolve({ path: 5 } as never)],
    ['no answer at all', () => Promise.resolve(undefined as never)],
    ['an answer that is too large', () => Promise.resolve(answerOf('x'.repeat(maxMessageBytes + 1)))],
    [
      'a wait that is no number of seconds',
      () => Promise.reject(new VaultError('rate_limited', 'canary', { retryAfterSeconds: 0.5 })),
    ],
    [
      'details that are no JSON',
      () => Promise.reject(new VaultError('validation_error', 'Not valid.', { details: { revision: 5n } })),
    ],
  ])('answers internal_error for %s and lives on', async (_what, handler) => {
    let broken = true;
    await using open = await openWire(wire, (request) => (broken ? handler() : answerOf(request.path)));
    const error = await refusalOf(open.client.readSecret({ path: 'a' }, { timeoutMs: 4_000 }));
    expect(error.code).toBe('internal_error');
    expect(error.message).not.toContain('canary');
    broken = false;
    expect((await open.client.readSecret({ path: 'b' })).path).toBe('b');
  });

  it('refuses a request that is too large with payload_too_large', async () => {
    await using open = await openWire(wire, (request) => answerOf(request.path));
    const error = await refusalOf(open.client.readSecret({ path: 'x'.repeat(maxMessageBytes + 1) }));
    expect(error.code).toBe('payload_too_large');
  });

  it('carries a request and an answer just below the limit', async () => {
    await using open = await openWire(wire, (request) => answerOf(request.path));
    const path = 'x'.repeat(maxMessageBytes - 64);
    expect((await open.client.readSecret({ path })).path.length).toBe(path.length);
  });

  it('answers service_unavailable for an RPC that nobody serves', async () => {
    await using open = await openWire(wire, (request) => answerOf(request.path));
    const [method] = PolicyService.methods;
    const error = await refusalOf(open.transport.unary(method as never, undefined, undefined, undefined, {} as never));
    expect(error.code).toBe('service_unavailable');
    expect(error.retryAfterSeconds).toBe(1);
  });

  it('gives up after the time the caller named, and tells the handler', async () => {
    let call: CallContext | undefined;
    await using open = await openWire(wire, ({ path }, context) => {
      if (path === 'first') return answerOf(path);
      call = context;
      void context.signal;
      return new Promise(() => {});
    });
    // The time of the other one is too short for a handshake on a busy machine.
    await open.client.readSecret({ path: 'first' });
    const started = performance.now();
    const error = await refusalOf(open.client.readSecret({ path: 'a' }, { timeoutMs: 150 }));
    expect(error).toMatchObject({ code: 'service_unavailable', retryAfterSeconds: 1 });
    expect(performance.now() - started).toBeLessThan(2_000);
    await until(() => call?.signal.aborted === true);
  });

  it('does not call the handler when no time is left or the caller has gone already', async () => {
    let calls = 0;
    await using open = await openWire(wire, (request) => {
      calls += 1;
      return answerOf(request.path);
    });
    const gone = AbortSignal.abort();
    expect((await refusalOf(open.client.readSecret({ path: 'a' }, { signal: gone }))).code).toBe('service_unavailable');
    expect((await refusalOf(open.client.readSecret({ path: 'a' }, { timeoutMs: 0 }))).code).toBe('service_unavailable');
    await open.client.readSecret({ path: 'a' });
    expect(calls).toBe(1);
  });

  it('ends a call whose caller goes away, and tells the handler', async () => {
    let call: CallContext | undefined;
    await using open = await openWire(wire, (_request, context) => {
      call = context;
      return new Promise(() => {});
    });
    const leave = new AbortController();
    const pending = refusalOf(open.client.readSecret({ path: 'a' }, { signal: leave.signal }));
    await until(() => call !== undefined);
    leave.abort();
    expect((await pending).code).toBe('service_unavailable');
    await until(() => call?.signal.aborted === true);
  });

  it("keeps caller's and handler's objects apart", async () => {
    let atHandler: ReadSecretRequest | undefined;
    const kept = answerOf('kept');
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using open = await openWire(wire, async (request) => {
      await released;
      atHandler = request;
      return kept;
    });
    const request = { path: 'app/db', ifNoneMatch: '"v1"' };
    const pending = open.client.readSecret(request);
    request.path = 'changed/by/caller';
    release();
    const answer = await pending;
    expect(atHandler?.path).toBe('app/db');
    if (atHandler !== undefined) atHandler.path = 'changed/by/handler';
    expect(request.path).toBe('changed/by/caller');
    kept.path = 'changed/by/handler';
    expect(answer.path).toBe('kept');
  });

  it("hides the caller's AsyncLocalStorage from the handler", async () => {
    const storage = new AsyncLocalStorage<string>();
    let seen: string | undefined = 'nothing';
    await using open = await openWire(wire, async (request) => {
      await Promise.resolve();
      seen = storage.getStore();
      return answerOf(request.path);
    });
    await storage.run('secret of the caller', () => open.client.readSecret({ path: 'a' }));
    expect(seen).toBeUndefined();
  });

  it('answers many calls at once, each its own', async () => {
    await using open = await openWire(wire, async (request) => {
      await new Promise((resolve) => setImmediate(resolve));
      return answerOf(request.path);
    });
    const paths = Array.from({ length: 50 }, (_, index) => `p/${index}`);
    const answers = await Promise.all(paths.map((path) => open.client.readSecret({ path })));
    expect(answers.map(({ path }) => path)).toEqual(paths);
  });
});
