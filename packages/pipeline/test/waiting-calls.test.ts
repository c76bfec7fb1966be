import { create, type Message } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { Permission } from '@scaivault/contracts';
import { VaultError } from '@scaivault/errors';
import { mount } from '@scaivault/runtime';
import { describeOnEveryWire, inlineService, type StartedModule, startModule } from '@scaivault/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { callerOf, noteForAudit, renewCaller } from '../src/index.ts';
import { extraOf, reader, readersPolicy, refusalOf } from './open-probe.ts';

const access = { scope: 'secrets:list', permission: Permission.LIST, eachRow: true, audit: 'subscription_event' };
const contract = inlineService({
  peer: 'secrets',
  methods: [{ name: 'Wait', access: { ...access, auditUnlessEmpty: 'found' }, answers: { status: [200] } }],
  answerFields: [{ name: 'found', form: 'repeated' }],
});

type Answer = Message & { readonly found: readonly string[] };

describeOnEveryWire('a call that waits', (wire) => {
  let started: StartedModule;
  let find: (context: HandlerContext) => Promise<string[]>;
  beforeAll(async () => {
    const wait = async (_request: Message, context: HandlerContext): Promise<Message> =>
      create(contract.answer, { found: await find(context) });
    started = await startModule({
      wire,
      create: async () => ({
        name: 'probe',
        services: [mount(contract.service, { wait } as never)],
        checks: {},
        start: async () => {},
        stop: async () => {},
      }),
    });
  });
  afterAll(() => started[Symbol.asyncDispose]());
  beforeEach(() => {
    started.world.policies.splice(0, Number.POSITIVE_INFINITY, readersPolicy);
    started.world.callers.clear();
    started.journal.intents.length = 0;
    started.journal.outcomes.length = 0;
  });

  const wait = async (claims: object = {}): Promise<Answer> => {
    const client = await started.client(contract.service, { ...reader('bob'), ...claims });
    return (await (client as unknown as { wait(ask: object): Promise<Message> }).wait({})) as Answer;
  };
  const rows = () => started.journal.outcomes.map(({ action, success, errorCode }) => [action, success, errorCode]);

  it('leaves no row for an answer that holds nothing, and none while it waits', async () => {
    find = async () => {
      expect(started.journal.intents).toEqual([]);
      return [];
    };
    expect((await wait()).found).toEqual([]);
    expect(started.journal.intents).toEqual([]);
    expect(rows()).toEqual([]);
  });

  it('leaves one row for what it hands out, before the answer leaves', async () => {
    find = async (context) => {
      noteForAudit(context, { count: 2 });
      return ['a', 'b'];
    };
    expect((await wait()).found).toEqual(['a', 'b']);
    expect(rows()).toEqual([['subscription_event', true, undefined]]);
    expect(extraOf(started.journal.outcomes[0])).toEqual({ count: 2 });
  });

  it('leaves a row for a failure, unless it is about the input', async () => {
    find = () => Promise.reject(new VaultError('subscription_not_found', 'no'));
    expect((await refusalOf(wait()))?.code).toBe('subscription_not_found');
    find = () => Promise.reject(new VaultError('validation_error', 'no'));
    expect((await refusalOf(wait()))?.code).toBe('validation_error');
    expect(rows()).toEqual([['subscription_event', false, 'subscription_not_found']]);
  });

  it('leaves a row for a refusal before it', async () => {
    expect((await refusalOf(wait({ scope: 'secrets:read' })))?.code).toBe('insufficient_scope');
    expect(rows()).toEqual([['subscription_event', false, 'insufficient_scope']]);
  });

  it('is judged anew by the policies in force after the wait', async () => {
    const lists = (context: HandlerContext) => callerOf(context).judge('list', 'app/db').allowed;
    find = async (context) => {
      const seen = [lists(context)];
      started.world.policies.length = 0;
      seen.push(lists(context));
      await renewCaller(context);
      seen.push(lists(context));
      return seen.map(String);
    };
    expect((await wait()).found).toEqual(['true', 'true', 'false']);
  });

  it('is refused after the wait when its caller may not call any more', async () => {
    const caller = {
      subjectId: 'usr_bob',
      identityType: 'user',
      identityId: 'user:bob@a.example',
      displayName: null,
      status: 'SUSPENDED',
      groups: [],
      roles: [],
      tokensVoidBeforeMs: null,
      mfaVoidBeforeMs: null,
    } as const;
    find = async (context) => {
      started.world.callers.set('tnt_a usr_bob', caller);
      await renewCaller(context);
      return ['app/db'];
    };
    expect((await refusalOf(wait()))?.code).toBe('token_revoked');
    expect(rows()).toEqual([['subscription_event', false, 'token_revoked']]);
  });
});
