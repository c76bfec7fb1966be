import { sendScaiKeyEvent } from '@scaivault/testkit/send-scaikey-event';
import { type Replica, startReplica } from '@scaivault/testkit/start-replica';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grant, succeeded } from './grant.ts';
import { controlScaiKey } from './scaikey-control.ts';
import type { Trouble } from './trouble.ts';
import { until } from './until.ts';

/** AUTHORITY_MAX_STALENESS, as it usually is. */
const leaseMs = 5_000;
const rounds = 6;
const secret = '/v1/secrets/env/db';
const bobsRoles = '/v1/identity/users/usr_bob/roles';

/** One owner of identities with all that follow it: a gateway and, behind it, a process that serves secrets. */
interface Side {
  readonly url: string;
}

export const testTwoOwners = (trouble: () => Trouble): void => {
  describe('two processes of identity-sync', () => {
    let { vault, auditWriter } = {} as Trouble;
    let bob: string;
    let carol: string;
    let sides: readonly Side[];
    let second: Replica;
    const replicas: Replica[] = [];
    const start = async (...parameters: Parameters<typeof startReplica>): Promise<Replica> => {
      const replica = await startReplica(...parameters);
      replicas.push(replica);
      return replica;
    };
    beforeAll(async () => {
      ({ vault, auditWriter } = trouble());
      second = await start(vault, 'identity-sync');
      const toSecond = { PEER_IDENTITY_SYNC_URL: second.rpcUrl };
      const secrets = await start(vault, 'secrets', toSecond);
      const gateway = await start(vault, 'gateway', { ...toSecond, PEER_SECRETS_URL: secrets.rpcUrl });
      sides = [{ url: vault.url }, { url: `http://${gateway.env.BIND_ADDRESS}` }];
      bob = await vault.mint({ sub: 'bob@acme.example' });
      carol = await vault.mint({ sub: 'carol@acme.example' });
      succeeded(await vault.request('PUT', secret, { body: { data: { n: 1 } } }));
    });
    afterAll(async () => {
      for (const replica of replicas.reverse()) await replica[Symbol.asyncDispose]();
    });

    const request = (side: Side, method: string, path: string, token: string, body?: object): Promise<Response> =>
      fetch(`${side.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    /** What every serving process says, to bob by default, asked at once. */
    const readAll = (token = bob): Promise<number[]> =>
      Promise.all(sides.map(async (side) => (await request(side, 'GET', secret, token)).status));
    const setRoles = async (side: Side, roles: readonly string[]): Promise<number> =>
      (await request(side, 'PUT', bobsRoles, carol, { roles })).status;
    const member = (side: Side, verb: 'added' | 'removed', user = 'usr_bob'): Promise<void> =>
      sendScaiKeyEvent(
        { url: side.url, secret: vault.webhookSecret },
        {
          type: `group.member.${verb}`,
          id: 'grp_sre',
          data: { group_id: 'grp_sre', user_id: user },
          tenantId: 'tnt_acme_prod',
          partnerId: 'ptn_acme',
        },
      );
    const bothSides = Array.from({ length: rounds }, (_, round) => round % 2);

    it('put a change of roles in force in every process, whichever of them took it', async () => {
      const seen: number[][] = [];
      for (const which of bothSides) {
        const [side, other] = [sides[which], sides[1 - which]];
        if (side === undefined || other === undefined) throw new Error('There are two sides.');
        expect(await setRoles(side, ['tenant_admin'])).toBe(200);
        seen.push(await readAll());
        expect(await setRoles(other, [])).toBe(200);
        seen.push(await readAll());
      }
      expect(seen).toEqual(
        bothSides.flatMap(() => [
          [200, 200],
          [403, 403],
        ]),
      );
    });

    it('put the end of a membership in force in every process, whichever of them took the event', async () => {
      const { policyId } = await grant(vault, 'group:sre', [{ path_pattern: 'env/*', permissions: ['read'] }]);
      const seen: number[][] = [await readAll()];
      for (const which of bothSides) {
        const [side, other] = [sides[which], sides[1 - which]];
        if (side === undefined || other === undefined) throw new Error('There are two sides.');
        await member(side, 'removed');
        seen.push(await readAll());
        await member(other, 'added');
        seen.push(await readAll());
      }
      expect(seen).toEqual([
        [200, 200],
        ...bothSides.flatMap(() => [
          [403, 403],
          [200, 200],
        ]),
      ]);
      succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
    });

    it('let events at the one stand against the lists that the other is syncing from', async () => {
      const [here, there] = sides;
      if (here === undefined || there === undefined) throw new Error('There are two sides.');
      const { policyId } = await grant(vault, 'group:sre', [{ path_pattern: 'env/*', permissions: ['read'] }]);
      const zoe = { id: 'usr_zoe', tenant_id: 'tnt_acme_prod', email: 'zoe@acme.example' };
      await controlScaiKey(vault, 'POST', '/_dev/users', { ...zoe, first_name: 'Zoe', last_name: 'Zimmer' });
      const token = await vault.mint({ sub: 'zoe@acme.example' });
      const syncs = async (): Promise<readonly { sync_id: string; status: string }[]> =>
        succeeded(await vault.request('GET', '/v1/identity/sync/history')).json.syncs;
      await until('no sync is running', async () =>
        (await syncs()).every(({ status }) => status !== 'running') ? true : undefined,
      );
      await controlScaiKey(vault, 'PUT', '/_dev/faults', { delay_ms: 600 });
      const started = await request(there, 'POST', '/v1/identity/sync?tenant_id=tnt_acme_prod', carol);
      const { sync_id: syncId } = (await started.json()) as { sync_id: string };
      const statusOf = async () => (await syncs()).find(({ sync_id }) => sync_id === syncId)?.status;
      const sql = await vault.openDatabase();
      await until('the members of the group are asked for', async () => {
        const rows = await sql`
        select 1 from identity.sync_run where id = ${syncId} and step = 'members' and after_id = 'grp_oncall'`;
        return rows.length > 0 ? true : undefined;
      });
      await sql.end();
      // ScaiKey's list does not name her: the sync finds a member whom nobody but the event has made.
      await member(here, 'added', 'usr_zoe');
      await controlScaiKey(vault, 'DELETE', '/_dev/members/grp_sre/usr_bob?silent=true');
      await member(here, 'removed');
      expect([await readAll(token), await readAll()]).toEqual([
        [200, 200],
        [403, 403],
      ]);
      await until('the sync is over', async () => ((await statusOf()) === 'running' ? undefined : true), 30_000);
      await controlScaiKey(vault, 'PUT', '/_dev/faults', {});
      expect(await statusOf()).toBe('completed');
      expect([await readAll(token), await readAll()]).toEqual([
        [200, 200],
        [403, 403],
      ]);
      succeeded(await vault.request('DELETE', `/v1/policies/${policyId}?force=true`));
    });

    it('lose no change when one of them is killed between its commit and its answer', async () => {
      const [here, there] = sides;
      if (here === undefined || there === undefined) throw new Error('There are two sides.');
      expect(await setRoles(here, ['tenant_admin'])).toBe(200);
      expect(await readAll()).toEqual([200, 200]);
      const sql = await vault.openDatabase();
      // A follower that stands still keeps the change from being answered.
      const { pid: waitedFor } = auditWriter;
      process.kill(waitedFor, 'SIGSTOP');
      try {
        let isAnswered = false;
        const change = setRoles(there, [])
          .catch(() => 0)
          .then((status) => {
            isAnswered = true;
            return status;
          });
        await until('the change is committed', async () => {
          const rows =
            await sql`select 1 from identity.identity where subject_id = 'usr_bob' and assigned_roles = '{}'`;
          return rows.length > 0 ? true : undefined;
        });
        expect(isAnswered).toBe(false);
        await second.kill();
        expect(await change).not.toBe(200);
      } finally {
        process.kill(waitedFor, 'SIGCONT');
        await sql.end();
      }
      // The one side hears of it from the owner that lives; the other decides nothing any more when its lease is over.
      const startedAt = performance.now();
      await until('nobody decides by the old roles', async () => ((await readAll()).includes(200) ? undefined : true));
      expect(performance.now() - startedAt).toBeLessThan(leaseMs + 1_000);
      expect((await readAll())[1]).toBeOneOf([403, 503]);
      await until('the one side is back', async () => ((await readAll())[0] === 403 ? true : undefined));
      // Another life at the same address, and its followers go on.
      await start(vault, 'identity-sync', { RPC_BIND_ADDRESS: new URL(second.rpcUrl).host });
      await until(
        'both decide',
        async () => ((await readAll()).every((status) => status === 403) ? true : undefined),
        30_000,
      );
      // What had heard of the change before the owner died decides all along; the way to the new life may still be closed.
      await until('both change', async () => ((await setRoles(there, ['tenant_admin'])) === 200 ? true : undefined));
      expect(await readAll()).toEqual([200, 200]);
    });
  });
};
