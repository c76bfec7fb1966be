import { describe, expect, it } from 'vitest';
import type { Envelope } from './envelope.ts';
import { readChange } from './read-change.ts';

const envelope = (eventType: string, more: object = {}): Envelope =>
  ({
    eventId: 'evt_1',
    eventType,
    atMicros: 1,
    resource: { type: 'user', id: 'usr_1' },
    tenantId: 'tnt_a',
    partnerId: 'ptn_x',
    data: {},
    ...more,
  }) as Envelope;

const refusal = (field: string) =>
  expect.objectContaining({ code: 'invalid_request', details: { reason: 'invalid_event', field } });

describe('what an event does', () => {
  it.each(['auth.login', 'session.created', 'application.user_assigned', 'user.exploded', 'constructor', '__proto__'])(
    'is nothing for %s',
    (type) => {
      expect(readChange(envelope(type))).toBeUndefined();
    },
  );

  it.each([
    ['group.member.added', true],
    ['group.member_added', true],
    ['group_membership.added', true],
    ['group.member.removed', false],
    ['group.member_removed', false],
    ['group_membership.removed', false],
  ])('is a membership for %s', (type, present) => {
    const data = { group_id: 'grp_1', user_id: 'usr_1' };
    const change = { kind: 'membership', tenantId: 'tnt_a', groupId: 'grp_1', subjectId: 'usr_1', present };
    expect(readChange(envelope(type, { resource: { type: 'group', id: 'grp_1' }, data }))).toEqual(change);
    expect(
      readChange(envelope(type, { resource: { type: 'group', id: 'grp_1' }, data: { user_id: 'usr_1' } })),
    ).toEqual(change);
    expect(() => readChange(envelope(type, { data: { user_id: 'usr_1' } }))).toThrow(refusal('data.group_id'));
    expect(() => readChange(envelope(type, { data: { group_id: 'grp_1' } }))).toThrow(refusal('data.user_id'));
  });

  it('takes of a user what the event names, and leaves the rest', () => {
    expect(readChange(envelope('user.updated', { data: { email: 'b@a.example' } }))).toEqual({
      kind: 'identity',
      tenantId: 'tnt_a',
      subjectId: 'usr_1',
      facts: { profile: { email: 'b@a.example' }, status: undefined, mfaEnabled: undefined },
    });
  });

  it('makes a display name of first and last name, of one of them, or of the account’s name', () => {
    const shown = (data: object): unknown => {
      const change = readChange(envelope('user.created', { data }));
      return change?.kind === 'identity' ? change.facts.profile?.displayName : undefined;
    };
    expect(shown({ first_name: 'Ada', last_name: 'Byron' })).toBe('Ada Byron');
    expect(shown({ first_name: null, last_name: 'Byron' })).toBe('Byron');
    expect(shown({ first_name: null, last_name: null, name: 'ci' })).toBe('ci');
    expect(shown({ first_name: '', last_name: '' })).toBeNull();
    expect(shown({})).toBeUndefined();
  });

  it('takes roles as a list or as one text, each once', () => {
    const roles = (value: unknown): unknown => {
      const change = readChange(envelope('user.created', { data: { roles: value } }));
      return change?.kind === 'identity' ? change.facts.profile?.roles : undefined;
    };
    expect(roles(['tenant_admin', 'tenant_admin'])).toEqual(['tenant_admin']);
    expect(roles('tenant_admin')).toEqual(['tenant_admin']);
    expect(roles(null)).toEqual([]);
    expect(roles(undefined)).toBeUndefined();
  });

  it.each(['PENDING', 'locked', 'suspended', 'Suspended'])('opens nothing for a status of %s', (status) => {
    expect(readChange(envelope('user.updated', { data: { status } }))).toMatchObject({
      facts: { status: 'SUSPENDED' },
    });
  });

  it.each([
    ['email', { email: 7 }],
    ['email', { email: 'x'.repeat(315) }],
    ['email', { email: 'a\0@a.example' }],
    ['email', { email: '\ud800@a.example' }],
    ['roles', { roles: [7] }],
    ['roles', { roles: Array.from({ length: 65 }, (_, index) => `r${index}`) }],
    ['mfa_enabled', { mfa_enabled: 'yes' }],
    ['status', { status: 1 }],
  ])('is refused for an unusable data.%s', (field, data) => {
    expect(() => readChange(envelope('user.created', { data }))).toThrow(refusal(`data.${field}`));
  });

  it('is refused when it does not say whom it is about', () => {
    expect(() => readChange(envelope('user.created', { resource: {} }))).toThrow(refusal('resource.id'));
    expect(() => readChange(envelope('user.created', { resource: { id: 'a b' } }))).toThrow(refusal('resource.id'));
    expect(() => readChange(envelope('user.created', { tenantId: undefined }))).toThrow(refusal('tenant_id'));
    expect(() => readChange(envelope('tenant.updated', { resource: { id: 'tnt_b' } }))).toThrow(refusal('tenant_id'));
    expect(() => readChange(envelope('partner.deleted', { resource: { id: 'ptn_y' } }))).toThrow(refusal('partner_id'));
    const two = { resource: { id: 'tnt_a' }, data: { partner_id: 'ptn_y' } };
    expect(() => readChange(envelope('tenant.updated', two))).toThrow(refusal('partner_id'));
  });
});
