import { VaultError } from '@scaivault/errors';
import type { ScopeId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { createPutInForce } from './put-in-force.ts';

const scope = 't:a' as ScopeId;

describe('putting a change in force', () => {
  const course = () => {
    const steps: string[] = [];
    const putInForce = createPutInForce({
      publish: (scopes) => {
        steps.push(`publish ${scopes.join()}`);
        return Promise.resolve();
      },
    });
    return { steps, putInForce };
  };

  it('publishes after the commit and before the answer', async () => {
    const { steps, putInForce } = course();
    const answer = await putInForce(scope, () => {
      steps.push('commit');
      return Promise.resolve(1);
    });
    expect(answer).toBe(1);
    expect(steps).toEqual(['commit', 'publish t:a']);
  });

  it('publishes nothing for a refusal', async () => {
    const { steps, putInForce } = course();
    const refusal = new VaultError('policy_in_use', 'It is bound.');
    await expect(putInForce(scope, () => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(steps).toEqual([]);
  });

  it('publishes when nobody knows whether the commit happened', async () => {
    for (const failure of [new VaultError('service_unavailable', 'The database is away.'), new Error('defect')]) {
      const { steps, putInForce } = course();
      await expect(putInForce(scope, () => Promise.reject(failure))).rejects.toBe(failure);
      expect(steps).toEqual(['publish t:a']);
    }
  });
});
