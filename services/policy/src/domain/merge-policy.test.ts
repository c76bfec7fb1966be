import { describe, expect, it } from 'vitest';
import { mergePolicy, type PolicyPatch } from './merge-policy.ts';
import type { Policy } from './policy.ts';

const current: Policy = {
  id: 'pol_1',
  name: 'name',
  description: 'text',
  scope: 'partner',
  priority: -7,
  rules: { json: '[1]', count: 1 },
  isActive: false,
  createdAtMicros: 1,
  updatedAtMicros: 2,
};
const nothing: PolicyPatch = {
  name: undefined,
  description: undefined,
  scope: undefined,
  priority: undefined,
  rules: undefined,
  isActive: undefined,
  nulls: [],
};

describe('merging a patch', () => {
  it('keeps everything that is absent', () => {
    expect(current).toMatchObject(mergePolicy(current, nothing));
  });

  it('tells a value that happens to be empty from one that is absent', () => {
    const patch = { ...nothing, description: '', priority: 0, isActive: false };
    expect(mergePolicy({ ...current, isActive: true }, patch)).toMatchObject({
      description: '',
      priority: 0,
      isActive: false,
    });
  });

  it('takes a cleared scope for the default, which is no partner policy’s', () => {
    expect(() => mergePolicy(current, { ...nothing, nulls: ['scope'] })).toThrow('scope');
    expect(() => mergePolicy({ ...current, scope: 'tenant' }, { ...nothing, nulls: ['scope'] })).not.toThrow();
    expect(() => mergePolicy(current, { ...nothing, scope: 'partner' })).not.toThrow();
  });
});
