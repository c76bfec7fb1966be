import type { ScopeId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { isObjectPrefix, objectName } from './object-name.ts';

const key = 'a'.repeat(64);

describe('the name of an object', () => {
  it('stays what it is: a change would lose every object that was written', () => {
    expect(objectName('vault/eu', 't:a/b' as ScopeId, key)).toBe(`vault/eu/dDphL2I/${key}`);
    expect(objectName(undefined, 'p:acme' as ScopeId, key)).toBe(`cDphY21l/${key}`);
  });

  it.each(['t:..', 't:/', 't:%2F', `t:${'~'.repeat(128)}`])('is made of plain folders, for %s too', (scope) => {
    const parts = objectName('vault', scope as ScopeId, key).split('/');
    expect(parts).toHaveLength(3);
    for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9_-]{1,255}$/);
  });
});

describe('a prefix', () => {
  it.each(['a', 'vault/eu-1', 'a.b_c/2'])('may be %s', (prefix) => {
    expect(isObjectPrefix(prefix)).toBe(true);
  });

  it.each(['', '/', 'a/', '/a', 'a//b', '..', 'a/../b', 'a b', 'é', 'a%2Fb', 'a\n', 'a'.repeat(201)])(
    'may not be %j',
    (prefix) => {
      expect(isObjectPrefix(prefix)).toBe(false);
    },
  );
});
