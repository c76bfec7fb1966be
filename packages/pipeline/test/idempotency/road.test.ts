import { create, type Message } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { Audience, Permission } from '@scaivault/contracts';
import { VaultError } from '@scaivault/errors';
import type { PolicyRecord } from '@scaivault/policy-engine';
import { createDispatcher, headersOf, mount } from '@scaivault/runtime';
import {
  describeOnEveryWire,
  type InlineMethod,
  inlineService,
  type StartedModule,
  startModule,
} from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  answerWith,
  createPipeline,
  noteForAudit,
  onceOf,
  type PipelineOptions,
  targetOf,
  withIdempotency,
} from '../../src/index.ts';
import { extraOf, refusalOf } from '../open-probe.ts';
import { type OpenMemory, openMemory } from './open-memory.ts';

const access = { scope: 'secrets:write', permission: Permission.WRITE, path: '{path}', audit: 'write' };
const contract = inlineService({
  peer: 'secrets',
  methods: [
    { name: 'Write', access: { ...access, rate: 'secrets:write' }, answers: { status: [200], idempotent: true } },
    { name: 'Touch', access, answers: { status: [200] } },
  ],
  fields: [{ name: 'path' }, { name: 'body' }],
  answerFields: [{ name: 'text' }, { name: 'shown_once', form: 'optional', json: { once: true } }],
});

type Answer = Message & { readonly text: string; readonly shownOnce?: string };
type Handler = (context: HandlerContext) => Promise<void> | void;

const writers: PolicyRecord = {
  id: 'pol_writers',
  name: 'writers',
  scope: 'tenant',
  priority: 100,
  createdAtMs: 0,
  rules: [{ path_pattern: 'app/**', permissions: ['write'], effect: 'allow', conditions: null }],
  bindings: [{ identityType: 'group', identityId: 'group:writers', subjectId: null, expiresAtMs: null }],
};

describeOnEveryWire('a request with an Idempotency-Key', (wire) => {
  let memory: OpenMemory;
  let started: StartedModule;
  let runs: number;
  let onRun: Handler;
  let keepFails: boolean;
  let count = 0;
  let key: string;

  beforeAll(async () => {
    memory = await openMemory((table) => ({
      ...table,
      keep: (...args) => (keepFails ? Promise.reject(new Error('The process was killed.')) : table.keep(...args)),
    }));
    const answer = async (_request: Message, context: HandlerContext): Promise<Message> => {
      runs += 1;
      await onRun(context);
      const text = `run ${runs} on ${targetOf(context).path}`;
      return create(contract.answer, { text, shownOnce: 'canary' });
    };
    started = await startModule({
      wire,
      env: { RATE_LIMIT_SECRETS_WRITE: '20' },
      create: async () => ({
        name: 'probe',
        services: [
          withIdempotency(mount(contract.service, { write: answer, touch: answer } as never), memory.idempotency),
        ],
        checks: {},
        start: async () => {},
        stop: async () => {},
      }),
    });
  });
  afterAll(async () => {
    await started[Symbol.asyncDispose]();
    await memory[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    runs = 0;
    keepFails = false;
    onRun = commit;
    key = `key-${count++}`;
    started.world.policies.splice(0, Number.POSITIVE_INFINITY, writers);
    started.journal.intents.length = 0;
    started.journal.outcomes.length = 0;
    memory.seal.calls.length = 0;
  });

  const commit: Handler = (context) =>
    memory.db.withScope('t:tnt_a' as never, async (tx) => await onceOf(context)?.commit(tx));

  interface Call {
    readonly rpc?: 'write' | 'touch';
    readonly path?: string;
    readonly body?: string;
    readonly key?: string | undefined;
    readonly name?: string;
    readonly scope?: string;
  }

  /** Answer and headers of a call, each with an identity of its own unless one is named. */
  const call = async ({ rpc = 'write', path = 'app/db', body = 'text', name = key, scope, ...rest }: Call = {}) => {
    const claims = { sub: `usr_${name}`, email: `${name}@a.example`, roles: [], groups: ['writers'] };
    const sent = 'key' in rest ? rest.key : key;
    const client = (await started.client(
      contract.service,
      { ...claims, scope: scope ?? 'secrets:write' },
      sent === undefined ? {} : { 'idempotency-key': sent },
    )) as unknown as Record<string, (request: object, options: object) => Promise<Answer>>;
    let headers = new Headers();
    const onHeader = (received: Headers): void => {
      headers = received;
    };
    const { text, shownOnce } = await client[rpc]!({ path, body }, { onHeader });
    return { text, shownOnce, replayed: headers.get('idempotency-replayed'), headers };
  };

  const refused = async (asked: Call = {}): Promise<VaultError | undefined> => await refusalOf(call(asked));
  const conflict = (reason: string) =>
    expect.objectContaining({ code: 'idempotency_conflict', details: { reason }, httpStatus: 409 });
  const lastRow = () => started.journal.outcomes.at(-1);

  it('runs once; every later one gets its answer again', async () => {
    onRun = async (context) => {
      await commit(context);
      answerWith(context, { status: 201, etag: '"v1"', location: '/v1/secrets/app/db' });
    };
    const first = await call();
    const second = await call();
    expect(first).toMatchObject({ text: 'run 1 on app/db', replayed: null });
    expect(second).toMatchObject({ text: 'run 1 on app/db', replayed: 'true' });
    for (const name of ['x-scaivault-status', 'etag', 'location'])
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    expect(second.headers.get('etag')).toBe('"v1"');
    expect(runs).toBe(1);
  });

  it('is not answered a second time with what is shown only once', async () => {
    expect((await call()).shownOnce).toBe('canary');
    expect((await call()).shownOnce).toBeUndefined();
  });

  it('runs once however many are sent at the same time', async () => {
    const calls: Promise<unknown>[] = [];
    let refusedCount = 0;
    onRun = async (context) => {
      // The first run goes on when everybody else has been refused.
      await expect.poll(() => refusedCount).toBe(4);
      await commit(context);
    };
    for (let sent = 0; sent < 5; sent += 1) {
      const each = call();
      calls.push(each);
      each.catch(() => {
        refusedCount += 1;
      });
    }
    const ends = await Promise.allSettled(calls);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const end of ends) {
      if (end.status === 'rejected') {
        expect(end.reason).toEqual(conflict('in_progress'));
        expect(end.reason).toMatchObject({ retryAfterSeconds: 1 });
      }
    }
    expect(runs).toBe(1);
    expect(await call()).toMatchObject({ text: 'run 1 on app/db', replayed: 'true' });
  });

  it('is refused when it is another request, and leaves a row', async () => {
    await call();
    for (const other of [{ body: 'other' }, { path: 'app/other' }]) {
      expect(await refused(other)).toEqual(conflict('mismatch'));
      expect(lastRow()).toMatchObject({ action: 'write', success: false, errorCode: 'idempotency_conflict' });
    }
    expect(started.journal.intents).toHaveLength(1);
    expect(runs).toBe(1);
  });

  it('is nobody else’s', async () => {
    await call();
    expect(await call({ name: `${key}-other` })).toMatchObject({ text: 'run 2 on app/db', replayed: null });
  });

  it('is judged, limited and audited again when it is replayed', async () => {
    onRun = async (context) => {
      await commit(context);
      noteForAudit(context, { version: 7 });
    };
    const first = await call();
    const second = await call();
    expect(extraOf(lastRow())).toEqual({ version: 7, idempotent_replay: true });
    expect(lastRow()).toMatchObject({ action: 'write', success: true, secretPath: 'app/db', policyId: 'pol_writers' });
    expect(started.journal.intents).toHaveLength(2);
    const remaining = ({ headers }: typeof first) => Number(headers.get('x-ratelimit-remaining'));
    expect(remaining(second)).toBeLessThan(remaining(first));
    started.world.policies.length = 0;
    expect((await refused())?.code).toBe('access_denied');
  });

  it('may have a malformed key only where keys do not count', async () => {
    for (const bad of ['', 'x'.repeat(129)]) {
      expect(await refused({ key: bad })).toMatchObject({
        code: 'invalid_request',
        details: { reason: 'header', header: 'idempotency-key' },
      });
      // Part of the input, so behind the scope and ahead of the policy.
      expect((await refused({ key: bad, path: 'elsewhere' }))?.code).toBe('invalid_request');
      expect((await refused({ key: bad, scope: 'secrets:read' }))?.code).toBe('insufficient_scope');
      expect(await call({ rpc: 'touch', key: bad })).toMatchObject({ replayed: null });
    }
    expect(await call({ key: ' ~'.repeat(64).trim() })).toMatchObject({ replayed: null });
  });

  it('is carried out each time where keys do not count', async () => {
    await call({ rpc: 'touch' });
    expect(await call({ rpc: 'touch' })).toMatchObject({ text: 'run 2 on app/db', replayed: null });
  });

  it('is what costs: without a key nothing is sealed or stored', async () => {
    const rows = () => memory.owner`select 1 from idempotency`;
    const before = await rows();
    await call({ key: undefined });
    await call({ key: undefined });
    expect(runs).toBe(2);
    expect(memory.seal.calls).toEqual([]);
    expect(await rows()).toHaveLength(before.length);
  });

  describe('that is refused', () => {
    it.each([
      ['version_conflict', { current_version: 4 }],
      ['secret_not_found', undefined],
      ['secret_expired', { version: 2 }],
    ] as const)('by the operation itself with %s is refused so again', async (code, details) => {
      onRun = (context) => {
        answerWith(context, { etag: '"v4"' });
        throw new VaultError(code, 'As it is now.', details === undefined ? {} : { details });
      };
      const first = await refused();
      onRun = commit;
      const second = await refused();
      expect(second).toMatchObject({ code, message: 'As it is now.', details });
      expect(first).toMatchObject({ code, message: 'As it is now.', details });
      expect(headersOf(first!)?.get('idempotency-replayed')).toBeNull();
      expect(headersOf(second!)?.get('idempotency-replayed')).toBe('true');
      expect(headersOf(second!)?.get('etag')).toBe('"v4"');
      expect(runs).toBe(1);
      expect(lastRow()).toMatchObject({ success: false, errorCode: code });
      expect(extraOf(lastRow())).toEqual({ idempotent_replay: true });
    });

    it.each(['validation_error', 'invalid_request', 'payload_too_large', 'forbidden', 'rate_limited'] as const)(
      'with %s may be mended and sent again under its key',
      async (code) => {
        onRun = () => {
          throw new VaultError(code, 'Not so.');
        };
        expect((await refused())?.code).toBe(code);
        onRun = commit;
        expect(await call({ body: 'mended' })).toMatchObject({ text: 'run 2 on app/db', replayed: null });
      },
    );

    it('because of a failure may be sent again under its key', async () => {
      onRun = () => {
        throw new Error('a defect');
      };
      expect((await refused())?.code).toBe('internal_error');
      onRun = commit;
      expect(await call()).toMatchObject({ text: 'run 2 on app/db', replayed: null });
    });

    it('because nothing can be audited has not used its key', async () => {
      const { intent } = started.journal;
      started.journal.intent = () => Promise.reject(new VaultError('audit_unavailable', 'The disk is full.'));
      expect((await refused())?.code).toBe('audit_unavailable');
      started.journal.intent = intent;
      expect(await call()).toMatchObject({ text: 'run 1 on app/db', replayed: null });
      started.journal.intent = () => Promise.reject(new VaultError('audit_unavailable', 'The disk is full.'));
      expect(await refused({ body: 'other' })).toEqual(conflict('mismatch'));
      started.journal.intent = intent;
    });
  });

  describe('that took effect', () => {
    it('but could not be audited is answered when it comes again', async () => {
      const { outcome } = started.journal;
      started.journal.outcome = () => Promise.reject(new VaultError('audit_unavailable', 'The disk is full.'));
      expect((await refused())?.code).toBe('audit_unavailable');
      started.journal.outcome = outcome;
      expect(await call()).toMatchObject({ text: 'run 1 on app/db', replayed: 'true' });
    });

    it('but whose answer could not be kept is answered all the same, and never carried out again', async () => {
      keepFails = true;
      expect(await call()).toMatchObject({ text: 'run 1 on app/db', replayed: null });
      expect(started.logLines.at(-1)).toContain('could not be kept');
      keepFails = false;
      expect(await refused()).toEqual(conflict('answer_lost'));
      expect(runs).toBe(1);
    });

    it('before its handler failed is never carried out again', async () => {
      onRun = async (context) => {
        await commit(context);
        throw new VaultError('service_unavailable', 'The followers are away.');
      };
      expect((await refused())?.code).toBe('service_unavailable');
      expect(await refused()).toEqual(conflict('answer_lost'));
      expect(runs).toBe(1);
    });
  });

  it('cannot take effect when its run was taken for dead and another one has begun', async () => {
    const committed: boolean[] = [];
    onRun = async (context) => {
      if (runs === 1) {
        await memory.owner`update idempotency set busy_until = now() where answer_ct is null`;
        expect(await call()).toMatchObject({ text: 'run 2 on app/db', replayed: null });
      }
      await commit(context);
      committed.push(true);
    };
    expect(await refused()).toEqual(conflict('in_progress'));
    expect(committed).toEqual([true]);
    expect(await call()).toMatchObject({ text: 'run 2 on app/db', replayed: 'true' });
  });

  it('fails closed while the memory cannot be asked, and leaves a row', async () => {
    memory.seal.isAway = true;
    expect((await refused())?.code).toBe('service_unavailable');
    expect(lastRow()).toMatchObject({ action: 'write', success: false, errorCode: 'service_unavailable' });
    memory.seal.isAway = false;
    expect(runs).toBe(0);
  });

  it('is a defect of a handler that answers without committing it', async () => {
    onRun = () => {};
    await call();
    expect(started.logLines.at(-1)).toContain('without committing');
    expect(await call()).toMatchObject({ text: 'run 1 on app/db', replayed: 'true' });
  });
});

describe('a process', () => {
  const build = (method: Omit<InlineMethod, 'name'>, answerFields = [{ name: 'text' }] as object[]): void => {
    const { service } = inlineService({
      peer: 'secrets',
      methods: [{ name: 'Ask', ...method }],
      answerFields: answerFields as never,
    });
    const mounted = mount(service, { ask: async () => ({}) } as never);
    const keyed = 'idempotent' in (method.answers ?? {}) ? withIdempotency(mounted, {} as never) : mounted;
    createDispatcher([keyed], createPipeline({ policies: {} } as PipelineOptions));
  };
  const answers = { idempotent: true };

  it('starts with an RPC that honours keys', () => {
    expect(() => build({ access: { scope: 's' }, answers })).not.toThrow();
  });

  it('refuses to start with an RPC that honours keys and has no memory', () => {
    const { service } = inlineService({ peer: 'secrets', methods: [{ name: 'Ask', access: { scope: 's' }, answers }] });
    const mounted = mount(service, { ask: async () => ({}) } as never);
    expect(() => createDispatcher([mounted], createPipeline({ policies: {} } as PipelineOptions))).toThrow(
      /mount its service with withIdempotency/,
    );
  });

  it.each([
    ['everybody', { audience: Audience.PUBLIC }],
    ['peers', { audience: Audience.PEERS, peers: ['gateway'] }],
  ])('refuses to start with an RPC that honours keys of %s', (_who, access) => {
    expect(() => build({ access, answers })).toThrow(/does not know/);
  });

  it('refuses to start with an answer that shows once what cannot be null', () => {
    const shown = [{ name: 'text', json: { once: true } }];
    expect(() => build({ access: { scope: 's' }, answers }, shown)).toThrow(/cannot be null/);
  });
});
