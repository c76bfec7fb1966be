import { describe, expect, it } from 'vitest';
import type { VerifiedToken } from '../authenticate/verified-token.ts';
import type { CallerRecord } from './identity-directory.ts';
import { resolveIdentity } from './resolve-identity.ts';

const token: VerifiedToken = {
  subject: 'usr_1',
  tenantId: 'tnt_a',
  partnerId: null,
  identityType: 'user',
  claimedIdentityId: 'user:claimed@a.example',
  displayName: 'Claimed',
  groups: ['sre', 'group:ops'],
  roles: ['from_token'],
  scopes: new Set(),
  issuedAtMs: 100_000,
  notBeforeMs: null,
  expiresAtMs: 900_000,
  mfaVerifiedAtMs: 90_000,
  actorId: null,
  allowedPaths: null,
};
const mirrored: CallerRecord = {
  subjectId: 'usr_1',
  identityType: 'user',
  identityId: 'user:alice@a.example',
  displayName: 'Alice',
  status: 'ACTIVE',
  groups: [{ subjectId: 'grp_1', identityId: 'group:mirror' }],
  roles: ['from_mirror'],
  tokensVoidBeforeMs: null,
  mfaVoidBeforeMs: null,
};
const resolve = async (record: Partial<CallerRecord> | undefined, change: Partial<VerifiedToken> = {}) =>
  await resolveIdentity({ ...token, ...change }, { caller: () => ({ record: record && { ...mirrored, ...record } }) });

describe('resolveIdentity', () => {
  it('believes the token about an identity the mirror has never seen', async () => {
    expect(await resolve(undefined)).toEqual({
      identityType: 'user',
      identityId: 'user:claimed@a.example',
      subjectId: 'usr_1',
      displayName: 'Claimed',
      roles: new Set(['from_token']),
      groups: [
        { subjectId: null, identityId: 'group:sre' },
        { subjectId: null, identityId: 'group:ops' },
      ],
      mfaVerifiedAtMs: 90_000,
    });
  });

  it('believes the mirror about all it knows, and takes the roles of both', async () => {
    expect(await resolve({ identityType: 'service_account', identityId: 'sa:deploy' })).toEqual({
      identityType: 'service_account',
      identityId: 'sa:deploy',
      subjectId: 'usr_1',
      displayName: 'Alice',
      roles: new Set(['from_token', 'from_mirror']),
      groups: [{ subjectId: 'grp_1', identityId: 'group:mirror' }],
      mfaVerifiedAtMs: 90_000,
    });
  });

  it("leaves a known identity that is in no group in none, whatever its token's groups", async () => {
    expect((await resolve({ groups: [] })).groups).toEqual([]);
  });

  it.each(['SUSPENDED', 'DELETED'] as const)('refuses an identity that is %s', async (status) => {
    await expect(resolve({ status })).rejects.toMatchObject({ code: 'token_revoked' });
  });

  it('refuses tokens from before the password was changed, to the second', async () => {
    await expect(resolve({ tokensVoidBeforeMs: 101_000 })).rejects.toMatchObject({ code: 'token_revoked' });
    await expect(resolve({ tokensVoidBeforeMs: 100_999 })).resolves.toBeDefined();
    await expect(resolve({ tokensVoidBeforeMs: 1_000 }, { issuedAtMs: null })).rejects.toMatchObject({
      code: 'token_revoked',
    });
  });

  it('forgets a second factor from before the factors were changed', async () => {
    expect((await resolve({ mfaVoidBeforeMs: 90_000 })).mfaVerifiedAtMs).toBeNull();
    expect((await resolve({ mfaVoidBeforeMs: 89_999 })).mfaVerifiedAtMs).toBe(90_000);
    expect((await resolve({ mfaVoidBeforeMs: 89_999 }, { mfaVerifiedAtMs: null })).mfaVerifiedAtMs).toBeNull();
  });

  it('looks identities up in the tenant of the token, and nowhere without one', async () => {
    const asked: unknown[] = [];
    const directory = {
      caller: (...question: unknown[]) => {
        asked.push(question);
        return { record: undefined };
      },
    };
    await resolveIdentity(token, directory);
    await resolveIdentity({ ...token, tenantId: null }, directory);
    expect(asked).toEqual([['tnt_a', 'usr_1', 'user:claimed@a.example']]);
    expect(() => resolveIdentity({ ...token, tenantId: 'a b' }, directory)).toThrowError(
      expect.objectContaining({ code: 'tenant_not_found' }),
    );
  });

  it('passes on that the mirror cannot be asked', async () => {
    const away = { caller: () => Promise.reject(new Error('no lease')) };
    await expect(resolveIdentity(token, away)).rejects.toThrow('no lease');
  });
});
