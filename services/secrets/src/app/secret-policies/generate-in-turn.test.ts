import type { ScopeId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '../../domain/generators/recipe.ts';
import { createTurns } from '../turns.ts';
import { createGenerateInTurn } from './generate-in-turn.ts';

const [tenantA, tenantB] = ['t:tnt_a', 't:tnt_b'] as ScopeId[] as [ScopeId, ScopeId];

/** Values that are made only when they are told to be. */
const openMaking = () => {
  const begun: string[] = [];
  const making = new Map<string, PromiseWithResolvers<void>>();
  const recipe = (name: string): Recipe => [
    {
      name,
      kind: 'static',
      configText: '{}',
      generator: {
        entropyBits: 0,
        async generate() {
          begun.push(name);
          const gate = Promise.withResolvers<void>();
          making.set(name, gate);
          await gate.promise;
          return [[name, 'made']];
        },
      },
    },
  ];
  const generateInTurn = createGenerateInTurn({
    sources: { randomBytes: () => new Uint8Array(), nowMs: () => 0 },
    inTurn: createTurns(),
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { begun, finish: (name: string) => making.get(name)?.resolve(), recipe, generateInTurn, settled };
};

describe('values', () => {
  it('of a tenant are made one after another, while those of other tenants are made beside them', async () => {
    const { begun, finish, recipe, generateInTurn, settled } = openMaking();
    const values = [
      generateInTurn(tenantA, recipe('first')),
      generateInTurn(tenantA, recipe('second')),
      generateInTurn(tenantB, recipe('other')),
    ];
    await settled();
    expect(begun).toEqual(['first', 'other']);
    finish('first');
    await settled();
    expect(begun).toEqual(['first', 'other', 'second']);
    finish('second');
    finish('other');
    expect(await Promise.all(values)).toEqual([{ first: 'made' }, { second: 'made' }, { other: 'made' }]);
  });

  it('that nobody waits for any more are not begun', async () => {
    const { begun, finish, recipe, generateInTurn, settled } = openMaking();
    const abort = new AbortController();
    const values = Promise.allSettled([
      generateInTurn(tenantA, recipe('first')),
      generateInTurn(tenantA, recipe('given up'), abort.signal),
      generateInTurn(tenantA, recipe('third'), new AbortController().signal),
    ]);
    await settled();
    abort.abort(new Error('The caller went away.'));
    finish('first');
    await settled();
    expect(begun).toEqual(['first', 'third']);
    finish('third');
    expect(await values).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'The caller went away.' } },
      { status: 'fulfilled' },
    ]);
  });
});
