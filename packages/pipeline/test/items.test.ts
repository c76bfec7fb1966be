import type { HandlerContext } from '@connectrpc/connect';
import { SecretsService } from '@scaivault/contracts';
import { isVaultError, VaultError } from '@scaivault/errors';
import { headersOf } from '@scaivault/runtime';
import { parseSecretPath } from '@scaivault/tenancy';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditItem, judgeItem, metadataNames, noteForAudit, reserveUnits } from '../src/index.ts';
import { extraOf, openProbe, type Probe, reader, readersPolicy, refusalOf } from './open-probe.ts';

/** What a handler does with each path: code of its failure, or `ok`. */
const codes = async (
  paths: readonly string[],
  context: HandlerContext,
  work: (path: string) => Promise<void> = async () => {},
): Promise<string[]> =>
  await Promise.all(
    paths.map(async (path) => {
      try {
        await auditItem(context, judgeItem(context, parseSecretPath(path)), () => work(path));
        return 'ok';
      } catch (error) {
        if (isVaultError(error)) return error.code;
        throw error;
      }
    }),
  );

describeOnEveryWire('a call about many items', (wire) => {
  let probe: Probe;
  let results: string[];
  const open = async (env: Record<string, string> = {}) => {
    probe = await openProbe(wire, env);
    probe.started.world.policies.push(readersPolicy);
    probe.onBatch = async (paths, context) => {
      results = await codes(paths, context);
    };
  };
  const reopen = async (env: Record<string, string>) => {
    await probe.started[Symbol.asyncDispose]();
    await open(env);
  };
  beforeEach(async () => {
    results = [];
    await open();
  });
  afterEach(() => probe.started[Symbol.asyncDispose]());

  const batch = async (paths: readonly string[], claims: object = {}, headers: Record<string, string> = {}) =>
    await refusalOf(
      (await probe.started.client(SecretsService, { ...reader('bob'), ...claims }, headers)).batchRead({
        paths: [...paths],
      }),
    );
  const rows = () => probe.started.journal.outcomes;
  const facts = () => rows().map(({ secretPath, success, errorCode }) => [secretPath, success, errorCode]);

  it('leaves a row for each item with the policy that decided it, and none of its own', async () => {
    const headers = { [metadataNames.clientRequestId]: 'mine-1' };
    expect(await batch(['app/a', 'app/b'], {}, headers)).toBeUndefined();
    expect(facts()).toEqual([
      ['app/a', true, undefined],
      ['app/b', true, undefined],
    ]);
    expect(rows()).toMatchObject(
      Array(2).fill({ tenantId: 'tnt_a', action: 'read', identityId: 'user:bob@a.example', policyId: 'pol_readers' }),
    );
    expect(new Set(rows().map(({ requestId }) => requestId)).size).toBe(1);
    expect(rows().map(extraOf)).toEqual(Array(2).fill({ client_request_id: 'mine-1' }));
  });

  it('works on an item between its intent and its outcome, all items of a turn at once', async () => {
    const { journal } = probe.started;
    const events: string[] = [];
    /** Writes what comes in one turn at once, as the journal does. */
    const together = (name: string, keep: typeof journal.intent): typeof journal.intent => {
      let leaving: Promise<void> | undefined;
      return async (id, bytes) => {
        leaving ??= new Promise((resolve) => setImmediate(resolve)).then(() => {
          leaving = undefined;
          events.push(name);
        });
        await leaving;
        await keep(id, bytes);
      };
    };
    journal.intent = together('intents', journal.intent);
    journal.outcome = together('outcomes', journal.outcome);
    probe.onBatch = async (paths, context) => {
      await codes(paths, context, async () => void events.push('work'));
    };
    await batch(['app/a', 'app/b', 'app/c']);
    expect(events).toEqual(['intents', 'work', 'work', 'work', 'outcomes']);
    expect(rows()).toHaveLength(3);
  });

  it('does no work on a refused item, and notes the refusal without an intent', async () => {
    const worked: string[] = [];
    probe.onBatch = async (paths, context) => {
      results = await codes(paths, context, async (path) => void worked.push(path));
    };
    await batch(['app/a', 'closed/b']);
    expect(results).toEqual(['ok', 'access_denied']);
    expect(worked).toEqual(['app/a']);
    expect(facts()).toContainEqual(['closed/b', false, 'access_denied']);
    expect(probe.started.journal.intents.map(({ secretPath }) => secretPath)).toEqual(['app/a']);
  });

  it('says with which code the work of an item failed, and what the handler has added', async () => {
    probe.onBatch = async (paths, context) => {
      noteForAudit(context, { batch: true });
      results = await codes(paths, context, async (path) => {
        if (path === 'app/gone') throw new VaultError('secret_not_found', 'There is no such secret.');
      });
    };
    await batch(['app/a', 'app/gone']);
    expect(results).toEqual(['ok', 'secret_not_found']);
    expect(facts()).toContainEqual(['app/gone', false, 'secret_not_found']);
    expect(rows().map(extraOf)).toEqual(Array(2).fill({ batch: true }));
  });

  it('leaves no row of an item that is refused for its form or for the limit', async () => {
    probe.onBatch = async ([path = ''], context) => {
      for (const code of ['invalid_path', 'validation_error', 'rate_limited', 'secret_not_found'] as const) {
        const item = { ...judgeItem(context, parseSecretPath(path)), refusal: new VaultError(code, 'No.') };
        await auditItem(context, item, () => Promise.reject(new Error('worked'))).catch(() => {});
      }
    };
    await batch(['app/a']);
    expect(facts()).toEqual([['app/a', false, 'secret_not_found']]);
  });

  it('leaves one row of its own when it is refused before its items are looked at', async () => {
    expect((await batch(['app/a'], { scope: 'secrets:list' }))?.code).toBe('insufficient_scope');
    expect((await batch([]))?.code).toBe('validation_error');
    expect(facts()).toEqual([[undefined, false, 'insufficient_scope']]);
  });

  it("judges items of a partner on the partner's paths", async () => {
    const shared = { path_pattern: 'partner/app/**', permissions: ['read' as const], effect: 'allow' as const };
    const rules = [{ ...shared, conditions: null }];
    probe.started.world.policies.push({ ...readersPolicy, id: 'pol_shared', rules });
    const scopes: unknown[] = [];
    probe.onBatch = async (paths, context) => {
      scopes.push(judgeItem(context, parseSecretPath('app/a')).scope);
      results = await codes(paths, context);
    };
    await batch(['app/a', 'other/b'], {}, { [metadataNames.objectScope]: 'partner' });
    expect(scopes).toEqual([{ kind: 'partner', partnerId: 'ptn_x' }]);
    expect(results).toEqual(['ok', 'access_denied']);
    expect(facts()).toContainEqual(['partner/app/a', true, undefined]);
    expect(facts()).toContainEqual(['partner/other/b', false, 'access_denied']);
  });

  it('has neither items nor rows of them where the contract knows of none', async () => {
    const seen: unknown[] = [];
    probe.onRead = async (context) => {
      const path = parseSecretPath('app/a');
      const attempt = (work: () => unknown) => {
        try {
          return work();
        } catch (error) {
          return error;
        }
      };
      const judged = attempt(() => judgeItem(context, path));
      const item = { policyPath: path as never, policyId: undefined };
      seen.push(judged, await auditItem(context, item, async () => 'worked').catch((error: unknown) => error));
    };
    const client = await probe.started.client(SecretsService, reader('bob'));
    await client.readSecret({ path: 'app/a' });
    expect(seen).toMatchObject([{ code: 'internal_error' }, { code: 'internal_error' }]);
  });

  describe('reserves units of another category', () => {
    const limits = { RATE_LIMIT_SECRETS_READ: '10', RATE_LIMIT_BATCH_READ: '100' };
    const read = async () =>
      await refusalOf((await probe.started.client(SecretsService, reader('bob'))).readSecret({ path: 'app/a' }));

    it('from the bucket that single reads pay from, and gives back what it did not use', async () => {
      await reopen(limits);
      probe.onBatch = async (paths, context) => {
        const units = reserveUnits(context, 'secrets:read', paths.length);
        results = await codes(paths, context);
        units.giveBack(results.filter((code) => code !== 'ok').length);
      };
      await batch([...Array.from({ length: 8 }, (_, index) => `app/${index}`), 'closed/a', 'closed/b']);
      expect(await read()).toBeUndefined();
      expect(await read()).toBeUndefined();
      expect((await read())?.code).toBe('rate_limited');
    });

    it('or is refused before anything is done, without a row, and its headers speak of its own category', async () => {
      await reopen(limits);
      let isOver = false;
      probe.onBatch = async (paths, context) => {
        reserveUnits(context, 'secrets:read', paths.length);
        isOver = true;
      };
      const paths = Array.from({ length: 11 }, (_, index) => `app/${index}`);
      const refusal = await batch(paths);
      expect(refusal).toMatchObject({
        code: 'rate_limited',
        details: { category: 'secrets:read', limit: 10, required: 11 },
      });
      expect(refusal && headersOf(refusal)?.get('x-ratelimit-limit')).toBe('100');
      expect(isOver).toBe(false);
      expect(rows()).toEqual([]);
    });
  });
});
