import { describe, expect, it } from 'vitest';
import { nextDue } from './due.ts';
import { expiryNotices } from './expiry-notices.ts';
import type { SecretFacts } from './secret.ts';

const day = 86_400_000_000;

const secretOf = (change: Partial<SecretFacts>): SecretFacts => ({
  secretType: 'kv',
  currentVersion: 3,
  maxVersions: 10,
  metadata: '{}',
  tags: [],
  metadataRevision: 1,
  createdAtMicros: 0,
  updatedAtMicros: 0,
  expiresAtMicros: 100 * day,
  lastAccessedAtMicros: null,
  deletedAtMicros: null,
  notifyBefore: ['30d', '7d', '1d'],
  secretPolicy: null,
  dueAtMicros: 70 * day,
  ...change,
});

const thresholds = (facts: SecretFacts, nowMicros: number) =>
  expiryNotices(facts, nowMicros).map((notice) => (notice.kind === 'expiring' ? notice.threshold : notice.kind));

describe('the notices of an expiry', () => {
  it('name the threshold that has begun, and the days that are left', () => {
    expect(expiryNotices(secretOf({}), 70 * day)).toEqual([
      { kind: 'expiring', expiresAtMicros: 100 * day, daysRemaining: 30, threshold: '30d' },
    ]);
    expect(expiryNotices(secretOf({}), 70 * day + 1)).toMatchObject([{ daysRemaining: 29 }]);
  });

  it('are none before their time, nor for a secret that does not expire', () => {
    expect(expiryNotices(secretOf({}), 70 * day - 1)).toEqual([]);
    expect(expiryNotices(secretOf({ dueAtMicros: null }), 70 * day)).toEqual([]);
    expect(expiryNotices(secretOf({ expiresAtMicros: null }), 70 * day)).toEqual([]);
  });

  it('come for each threshold that was missed, and for none that was given before', () => {
    expect(thresholds(secretOf({}), 99 * day)).toEqual(['30d', '7d', '1d']);
    expect(thresholds(secretOf({ dueAtMicros: 93 * day }), 99 * day)).toEqual(['7d', '1d']);
  });

  it('come once for a threshold that was sent twice', () => {
    expect(thresholds(secretOf({ notifyBefore: ['1d', '1d'], dueAtMicros: 99 * day }), 99 * day)).toEqual(['1d']);
  });

  it('give way to the expiry once it has come', () => {
    expect(expiryNotices(secretOf({}), 100 * day)).toEqual([
      { kind: 'expired', expiresAtMicros: 100 * day, version: 3 },
    ]);
  });

  it('come exactly once each over the life of a secret, however late the looks at it are', () => {
    const notify = ['3d', '2d', '1d', '12h'];
    for (const step of [day / 8, day / 3, day / 2, day]) {
      let facts = secretOf({ expiresAtMicros: 5 * day, notifyBefore: notify });
      facts = { ...facts, dueAtMicros: nextDue(facts, 0) };
      const told: string[] = [];
      for (let now = 0; now <= 6 * day; now += step) {
        told.push(...thresholds(facts, now));
        facts = { ...facts, dueAtMicros: nextDue(facts, now) };
      }
      expect(told).toEqual([...notify.filter((threshold) => threshold !== '12h' || step < day), 'expired']);
    }
  });
});
