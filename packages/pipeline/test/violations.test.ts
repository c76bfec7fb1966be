import { createRouterTransport } from '@connectrpc/connect';
import { EventIntakeService, SecretsService, type ShippedEvent } from '@scaivault/contracts';
import { parseSecretPath, parseTenantId } from '@scaivault/tenancy';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { judgeItem } from '../src/index.ts';
import { openViolations } from '../src/violations/open-violations.ts';
import { openProbe, type Probe, reader, readersPolicy, refusalOf } from './open-probe.ts';

describe('a refusal by policies', () => {
  let probe: Probe;
  beforeAll(async () => {
    probe = await openProbe('direct');
    probe.started.world.policies.push(readersPolicy);
    probe.onBatch = (paths, context) => {
      for (const path of paths) judgeItem(context, parseSecretPath(path));
      return Promise.resolve();
    };
  });
  afterAll(() => probe.started[Symbol.asyncDispose]());
  let since: number;
  beforeEach(() => {
    since = probe.started.violations.length;
  });

  const client = () => probe.started.client(SecretsService, reader('ed'));
  const noted = () =>
    probe.started.violations
      .slice(since)
      .map(({ caller, policyPath, permission, errorCode, failedCondition }) => [
        caller.tenantId,
        caller.identityId,
        policyPath,
        permission,
        errorCode,
        failedCondition,
      ]);

  it('is noted with who, where and what', async () => {
    await refusalOf((await client()).readSecret({ path: 'other/db' }));
    expect(noted()).toEqual([['tnt_a', 'user:ed@a.example', 'other/db', 'read', 'access_denied', null]]);
    expect(probe.started.violations[since]?.caller.request.requestId).toMatch(/^req_/);
  });

  it('is noted for each object of a batch', async () => {
    await (await client()).batchRead({ paths: ['app/a', 'other/a', 'other/b'] });
    expect(noted().map(([, , path]) => path)).toEqual(['other/a', 'other/b']);
  });

  it('is what policies refuse, not what a token may not', async () => {
    const call = (await probe.started.client(SecretsService, { ...reader('ed'), scope: 'secrets:list' })).readSecret({
      path: 'other/db',
    });
    expect((await refusalOf(call))?.code).toBe('insufficient_scope');
    expect(noted()).toEqual([]);
  });
});

describe('the way of violations to the events service', () => {
  const refused = (policyPath: string) => ({
    caller: {
      tenantId: parseTenantId('tnt_a'),
      identityId: 'sa:ci',
      request: { requestId: 'req_1', sourceIp: '192.0.2.1' },
    },
    policyPath,
    permission: 'read',
    errorCode: 'ip_not_allowed',
    failedCondition: 'ip_ranges',
  });

  it('goes on where it stopped when that service was away, with the same ids', async () => {
    const asked: ShippedEvent[][] = [];
    let isAway = true;
    const transport = createRouterTransport(({ rpc }) => {
      rpc(EventIntakeService.method.takeEvents, ({ events }) => {
        asked.push(events);
        if (isAway) throw new Error('away');
        return {};
      });
    });
    const failures: unknown[] = [];
    const violations = openViolations({ transport, onFailure: (error) => failures.push(error) });
    violations.start();
    violations.note(refused('a'));
    await vi.waitFor(() => expect(failures).toHaveLength(1), 5_000);
    violations.note(refused('b'));
    isAway = false;
    await violations.stop();
    expect(asked[1]?.map(({ path }) => path)).toEqual(['a', 'b']);
    expect(asked[1]?.[0]?.eventId).toBe(asked[0]?.[0]?.eventId);
    expect(asked[1]?.[0]).toMatchObject({ eventType: 'policy.violation', tenantId: 'tnt_a', identityId: 'sa:ci' });
    expect(JSON.parse(Buffer.from(asked[1]?.[0]?.data ?? []).toString())).toEqual({
      permission: 'read',
      error_code: 'ip_not_allowed',
      failed_condition: 'ip_ranges',
      source_ip: '192.0.2.1',
      count: 1,
    });
  });
});
