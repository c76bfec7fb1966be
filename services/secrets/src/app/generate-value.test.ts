import { randomBytes } from 'node:crypto';
import type { ScopeId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { readFields } from '../domain/secret-policies/policy-fields.ts';
import type { SecretPolicy } from '../domain/secret-policies/secret-policy.ts';
import { createGenerateValue } from './generate-value.ts';
import { createFindSecretPolicy } from './secret-policies/find-secret-policy.ts';
import { createGenerateInTurn } from './secret-policies/generate-in-turn.ts';
import { createLoadRecipe } from './secret-policies/load-recipe.ts';
import { createTurns } from './turns.ts';

const tenantA = 't:tnt_a' as ScopeId;
const partner = 'p:tnt_a' as ScopeId;

const policy = (length: number, isActive = true): SecretPolicy => ({
  id: 'sp_1',
  name: 'login',
  policyType: 'password',
  description: null,
  fields: readFields([
    { name: 'user', generator: 'static', config: Buffer.from('{"value":"caf\\u00e9"}') },
    { name: '__proto__', generator: 'hex', config: Buffer.from(JSON.stringify({ length })) },
  ]),
  isActive,
  createdAtMicros: 0,
  updatedAtMicros: 0,
});

describe('a generated value', () => {
  const stored = new Map<string, SecretPolicy>();
  const find = createFindSecretPolicy({
    policies: { find: (owner, id) => Promise.resolve(stored.get(`${owner} ${id}`)) },
  });
  const sources = { randomBytes, nowMs: Date.now };
  const generateValue = createGenerateValue({
    loadRecipe: createLoadRecipe({ find }),
    generateInTurn: createGenerateInTurn({ sources, inTurn: createTurns() }),
  });

  it('is the JSON of an object, new each time', async () => {
    stored.set(`${tenantA} sp_1`, policy(8));
    const texts = [await generateValue(tenantA, 'sp_1'), await generateValue(tenantA, 'sp_1')].map((bytes) =>
      Buffer.from(bytes).toString(),
    );
    for (const text of texts) expect(text).toMatch(/^\{"user":"café","__proto__":"[0-9a-f]{8}"\}$/);
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('follows the policy as it is now', async () => {
    stored.set(`${tenantA} sp_1`, policy(20));
    expect(Buffer.from(await generateValue(tenantA, 'sp_1')).toString()).toMatch(/"[0-9a-f]{20}"\}$/);
  });

  it('is refused without a policy in that very scope', async () => {
    const notFound = { code: 'secret_policy_not_found' };
    await expect(generateValue(tenantA, 'sp_2')).rejects.toMatchObject(notFound);
    await expect(generateValue(partner, 'sp_1')).rejects.toMatchObject(notFound);
  });

  it('is refused by an inactive policy', async () => {
    stored.set(`${tenantA} sp_1`, policy(8, false));
    await expect(generateValue(tenantA, 'sp_1')).rejects.toMatchObject({
      code: 'invalid_config',
      details: { field: 'is_active', reason: 'inactive' },
    });
  });
});
