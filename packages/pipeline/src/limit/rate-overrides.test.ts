import { expect, it } from 'vitest';
import { overrideFor } from './rate-overrides.ts';

const override = (limits: Record<string, number>, expiresAtMs: number | null = null) => ({ limits, expiresAtMs });

it('prefers the identity, then the tenant, category by category', () => {
  const overrides = new Map([
    ['user:a', override({ 'secrets:read': 10 })],
    ['*', override({ 'secrets:read': 20, 'secrets:list': 30 })],
  ]);
  const at = (identityId: string, category: 'secrets:read' | 'secrets:list' | 'audit:query') =>
    overrideFor(overrides, identityId, category, 0);
  expect([at('user:a', 'secrets:read'), at('user:a', 'secrets:list'), at('user:a', 'audit:query')]).toEqual([
    10,
    30,
    undefined,
  ]);
  expect(at('user:b', 'secrets:read')).toBe(20);
});

it('forgets one from the moment it expires', () => {
  const overrides = new Map([
    ['user:a', override({ 'secrets:read': 10 }, 1_000)],
    ['*', override({ 'secrets:read': 20 })],
  ]);
  const at = (nowMs: number) => overrideFor(overrides, 'user:a', 'secrets:read', nowMs);
  expect([at(999), at(1_000)]).toEqual([10, 20]);
});
