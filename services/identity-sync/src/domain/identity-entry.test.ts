import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { never } from './entry.ts';
import { type IdentityEntry, type IdentityFacts, identityIdOf, mergeIdentity } from './identity-entry.ts';

const stub: IdentityEntry = {
  profile: { type: 'user', email: null, name: null, displayName: null, roles: [] },
  profileAtMicros: never,
  status: 'ACTIVE',
  statusAtMicros: never,
  mfaEnabled: false,
  mfaAtMicros: never,
  tokensVoidBeforeMicros: null,
  mfaVoidBeforeMicros: null,
  membershipsVoidUntilMicros: never,
};

const profile = (email: string) => ({ type: 'user' as const, email, name: null, displayName: email, roles: [] });

interface Timed {
  readonly facts: IdentityFacts;
  readonly at: number;
}

const play = (events: readonly Timed[]): IdentityEntry =>
  events.reduce((entry, { facts, at }) => mergeIdentity(entry, facts, at) ?? entry, stub);

const facts: fc.Arbitrary<IdentityFacts> = fc.oneof(
  fc.record({
    profile: fc.string().map(profile),
    status: fc.constantFrom('ACTIVE' as const, 'SUSPENDED' as const),
    mfaEnabled: fc.boolean(),
  }),
  fc.constant({ status: 'SUSPENDED' as const }),
  fc.constant({ voidsTokens: true }),
  fc.constant({ mfaEnabled: true }),
  fc.constant({ mfaEnabled: false, voidsMfa: true }),
);

describe('an identity', () => {
  it('is the same in the end, in whatever order its events come', () => {
    const history = fc
      .array(facts, { maxLength: 8 })
      .map((all) => all.map((each, index): Timed => ({ facts: each, at: index + 1 })))
      .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })));
    fc.assert(
      fc.property(history, ([inOrder, shuffled]) => {
        expect(play(shuffled)).toEqual(play(inOrder));
      }),
    );
  });

  it('does not change by an event that is older in all it says', () => {
    const newer = play([{ facts: { profile: profile('new'), status: 'ACTIVE', mfaEnabled: true }, at: 10 }]);
    const older = { profile: profile('old'), status: 'SUSPENDED' as const, mfaEnabled: false };
    expect(mergeIdentity(newer, older, 9)).toBeUndefined();
  });

  it('takes an event of the same time, because a change may make several', () => {
    const first = play([{ facts: { profile: profile('a'), status: 'ACTIVE' }, at: 10 }]);
    expect(mergeIdentity(first, { status: 'SUSPENDED' }, 10)?.status).toBe('SUSPENDED');
  });

  it('does not lose a suspension or a changed password that a new name has overtaken', () => {
    const renamed = play([{ facts: { profile: profile('a') }, at: 10 }]);
    expect(mergeIdentity(renamed, { status: 'SUSPENDED' }, 9)).toMatchObject({ status: 'SUSPENDED' });
    expect(mergeIdentity(renamed, { voidsTokens: true }, 9)).toMatchObject({ tokensVoidBeforeMicros: 9 });
  });

  it('never lowers the time that tokens are void before', () => {
    const changed = play([{ facts: { voidsTokens: true }, at: 10 }]);
    expect(mergeIdentity(changed, { voidsTokens: true }, 9)).toBeUndefined();
  });

  it('loses the memberships it had when it is deleted, and may have new ones later', () => {
    const deleted = play([{ facts: { status: 'DELETED' }, at: 10 }]);
    expect(deleted.membershipsVoidUntilMicros).toBe(10);
    expect(mergeIdentity(deleted, { status: 'ACTIVE' }, 20)).toMatchObject({
      status: 'ACTIVE',
      membershipsVoidUntilMicros: 10,
    });
  });

  it('is named by e-mail or by account name, and by nothing when that is missing', () => {
    expect(identityIdOf(profile('A@a.example'))).toBe('user:A@a.example');
    expect(identityIdOf({ ...profile('x'), type: 'service_account', name: 'ci' })).toBe('sa:ci');
    expect(identityIdOf({ ...profile('x'), type: 'service_account', name: 'sa:ci' })).toBe('sa:ci');
    expect(identityIdOf(stub.profile)).toBeNull();
  });
});
