import type { Client } from '@connectrpc/connect';
import { PolicyService } from '@scaivault/contracts';
import { describeOnEveryWire } from '@scaivault/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsed, policy, readApp, rulesOf, type StartedPolicy, startPolicy } from './start-policy.ts';

const absent = 'pol_01J9ZC4A0B1C2D3E4F5G6H7J8K';
const brokenField = (field: string, rule: string) => ({
  code: 'validation_error',
  details: { fields: [expect.objectContaining({ field, rule })] },
});

describeOnEveryWire('access policies', (wire) => {
  let started: StartedPolicy;
  let admin: Client<typeof PolicyService>;
  beforeAll(async () => {
    started = await startPolicy(wire);
    admin = await started.admin();
  });
  afterAll(() => started[Symbol.asyncDispose]());

  describe('creating', () => {
    it('fills in defaults, answers without bindings and names the address of the policy', async () => {
      let location: string | null = null;
      const onHeader = (headers: Headers): void => {
        location = headers.get('location');
      };
      const made = await admin.createPolicy(policy('defaults'), { onHeader });
      expect(made).toMatchObject({ name: 'defaults', scope: 'tenant', priority: 100, isActive: true, bindings: [] });
      expect(made.id).toMatch(/^pol_/);
      expect(made.description).toBeUndefined();
      expect(made.createdAt).toEqual(made.updatedAt);
      expect(parsed(made.rules)).toEqual([{ ...readApp, effect: 'allow', conditions: null }]);
      expect(location).toBe(`/v1/policies/${made.id}`);
    });

    it('keeps the order of rules and the text of conditions', async () => {
      const rules = [
        { path_pattern: 'b', permissions: ['write', 'read'], effect: 'deny', conditions: { token_max_age: '1h30m' } },
        { path_pattern: 'a', permissions: ['admin'], effect: 'allow', conditions: null },
      ];
      const { id } = await admin.createPolicy({ name: 'ordered', rules: rulesOf(...rules), description: 'text' });
      const read = await admin.getPolicy({ policyId: id });
      expect(parsed(read.rules)).toEqual(rules);
      expect(read.description).toBe('text');
    });

    it('refuses missing, unsound and malformed rules', async () => {
      await expect(admin.createPolicy({ name: 'none' })).rejects.toMatchObject(brokenField('rules', 'required'));
      await expect(admin.createPolicy({ name: 'none', rules: rulesOf() })).rejects.toMatchObject(
        brokenField('rules', 'length'),
      );
      const glob = rulesOf({ path_pattern: '/app', permissions: ['read'] });
      await expect(admin.createPolicy({ name: 'none', rules: glob })).rejects.toMatchObject({ code: 'invalid_glob' });
      const condition = rulesOf({ ...readApp, conditions: { weather: 'fine' } });
      await expect(admin.createPolicy({ name: 'none', rules: condition })).rejects.toMatchObject({
        code: 'invalid_policy',
        details: { rule_index: 0 },
      });
      const broken = new TextEncoder().encode('[{');
      await expect(admin.createPolicy({ name: 'none', rules: broken })).rejects.toMatchObject({
        code: 'invalid_request',
      });
    });

    it('refuses a name that is taken, and a text that cannot be stored', async () => {
      await admin.createPolicy(policy('taken'));
      await expect(admin.createPolicy(policy('taken'))).rejects.toMatchObject({
        code: 'name_conflict',
        details: { name: 'taken' },
      });
      await expect(admin.createPolicy(policy('a\0b'))).rejects.toMatchObject(brokenField('name', 'format'));
    });

    it('leaves priorities below zero to partners', async () => {
      await expect(admin.createPolicy({ ...policy('early'), priority: -1 })).rejects.toMatchObject(
        brokenField('priority', 'range'),
      );
      const partner = await started.partnerAdmin();
      const guard = await partner.createPolicy({ ...policy('guard'), scope: 'partner', priority: -1000 });
      expect(guard).toMatchObject({ scope: 'partner', priority: -1000 });
    });
  });

  describe('replacing', () => {
    it('sets what is left out to its default and keeps id, creation time and bindings', async () => {
      const made = await admin.createPolicy({ ...policy('before'), description: 'x', priority: 7, isActive: false });
      await admin.createBinding({ policyId: made.id, identityType: 'user', identityId: 'user:a@a.example' });
      const after = await admin.replacePolicy({ policyId: made.id, ...policy('after') });
      expect(after).toMatchObject({ id: made.id, name: 'after', priority: 100, isActive: true });
      expect(after.description).toBeUndefined();
      expect(after.createdAt).toEqual(made.createdAt);
      expect(after.bindings).toMatchObject([{ identityType: 'user', identityId: 'user:a@a.example' }]);
      const read = await admin.getPolicy({ policyId: made.id });
      expect(read).toEqual(after);
    });

    it('refuses missing rules, a changed scope, a taken name and an unknown policy', async () => {
      const { id: policyId } = await admin.createPolicy(policy('steady'));
      await admin.createPolicy(policy('other'));
      await expect(admin.replacePolicy({ policyId, name: 'steady' })).rejects.toMatchObject(
        brokenField('rules', 'required'),
      );
      await expect(admin.replacePolicy({ policyId, ...policy('steady'), scope: 'partner' })).rejects.toMatchObject(
        brokenField('scope', 'conflict'),
      );
      await expect(admin.replacePolicy({ policyId, ...policy('other') })).rejects.toMatchObject({
        code: 'name_conflict',
        details: { name: 'other' },
      });
      await expect(admin.replacePolicy({ policyId: absent, ...policy('x') })).rejects.toMatchObject({
        code: 'policy_not_found',
      });
    });
  });

  describe('updating', () => {
    it('changes what is given, keeps what is absent and clears what is null', async () => {
      const made = await admin.createPolicy({
        ...policy('patched'),
        description: 'text',
        priority: 7,
        isActive: false,
      });
      const policyId = made.id;
      const renamed = await admin.updatePolicy({ policyId, name: 'renamed' });
      expect(renamed).toMatchObject({ name: 'renamed', description: 'text', priority: 7, isActive: false });
      expect(renamed.rules).toEqual(made.rules);
      const cleared = await admin.updatePolicy({ policyId, nulls: ['description', 'priority', 'is_active'] });
      expect(cleared).toMatchObject({ name: 'renamed', priority: 100, isActive: true });
      expect(cleared.description).toBeUndefined();
      const rules = rulesOf({ path_pattern: 'x', permissions: ['list'] }, readApp);
      const ruled = await admin.updatePolicy({ policyId, rules });
      expect(parsed(ruled.rules)).toMatchObject([{ path_pattern: 'x' }, { path_pattern: 'app/**' }]);
    });

    it('refuses to clear what is required, to change the scope, and rules that are not sound', async () => {
      const { id: policyId } = await admin.createPolicy(policy('kept'));
      for (const field of ['name', 'rules']) {
        await expect(admin.updatePolicy({ policyId, nulls: [field] })).rejects.toMatchObject(
          brokenField(field, 'required'),
        );
      }
      await expect(admin.updatePolicy({ policyId, nulls: ['descripton'] })).rejects.toMatchObject(
        brokenField('descripton', 'unknown'),
      );
      await expect(admin.updatePolicy({ policyId, scope: 'partner' })).rejects.toMatchObject(
        brokenField('scope', 'conflict'),
      );
      await expect(admin.updatePolicy({ policyId, priority: -5 })).rejects.toMatchObject(
        brokenField('priority', 'range'),
      );
      await expect(
        admin.updatePolicy({ policyId, rules: rulesOf({ ...readApp, effect: 'maybe' }) }),
      ).rejects.toMatchObject(brokenField('rules[0].effect', 'enum'));
      await expect(admin.updatePolicy({ policyId: absent, name: 'x' })).rejects.toMatchObject({
        code: 'policy_not_found',
      });
    });

    it('lets two patches of different fields both take effect', async () => {
      const { id: policyId } = await admin.createPolicy(policy('contended'));
      const patches = await started.db.withScope('t:tnt_a' as never, async (tx) => {
        await tx`select id from policy where id = ${policyId} for update`;
        const both = [{ description: 'both' }, { priority: 1 }].map((patch) =>
          admin.updatePolicy({ policyId, ...patch }),
        );
        for (let waiting = 0; waiting < both.length; ) {
          // Within a transaction the list of sessions stands still otherwise.
          await tx`select pg_stat_clear_snapshot()`;
          const rows = await tx`
            select distinct pid from pg_locks
            where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`;
          waiting = rows.length;
        }
        return { both };
      });
      await Promise.all(patches.both);
      expect(await admin.getPolicy({ policyId })).toMatchObject({ description: 'both', priority: 1 });
    });
  });

  describe('deleting', () => {
    it('removes a policy that nobody is bound to', async () => {
      const { id: policyId } = await admin.createPolicy(policy('gone'));
      await admin.deletePolicy({ policyId });
      await expect(admin.getPolicy({ policyId })).rejects.toMatchObject({ code: 'policy_not_found' });
      await expect(admin.deletePolicy({ policyId })).rejects.toMatchObject({ code: 'policy_not_found' });
    });

    it('drops live bindings only by force', async () => {
      const { id: policyId } = await admin.createPolicy(policy('bound'));
      await admin.createBinding({ policyId, identityType: 'group', identityId: 'group:sre' });
      await expect(admin.deletePolicy({ policyId })).rejects.toMatchObject({
        code: 'policy_in_use',
        details: { binding_count: 1 },
      });
      await admin.deletePolicy({ policyId, force: true });
      await expect(admin.listBindings({ policyId })).rejects.toMatchObject({ code: 'policy_not_found' });
    });
  });

  it('answers an id that cannot exist like one that does not', async () => {
    for (const policyId of ['test', 'pol_x', absent]) {
      await expect(admin.getPolicy({ policyId })).rejects.toMatchObject({ code: 'policy_not_found' });
    }
  });

  it('asks for the scope of each call', async () => {
    const reader = await started.vault.client(PolicyService, { scope: 'policies:read' });
    await expect(reader.createPolicy(policy('x'))).rejects.toMatchObject({ code: 'insufficient_scope' });
    const writer = await started.vault.client(PolicyService, { scope: 'policies:write' });
    await expect(writer.listPolicies({})).rejects.toMatchObject({ code: 'insufficient_scope' });
  });

  it('leaves an audit row that names the policy', async () => {
    const { id: policyId } = await admin.createPolicy(policy('audited'));
    const { outcomes } = started.vault.journal;
    expect(outcomes.at(-1)).toMatchObject({ action: 'policy_create', success: true });
    expect(parsed(outcomes.at(-1)!.extraData)).toMatchObject({ policy_id: policyId });
  });
});
