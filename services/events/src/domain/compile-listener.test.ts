import type { TenantId } from '@scaivault/tenancy';
import { describe, expect, it } from 'vitest';
import { compileListener } from './compile-listener.ts';
import type { IncomingEvent } from './incoming-event.ts';
import type { EventFilters } from './listener.ts';

const event: IncomingEvent = {
  id: 'evt_1',
  type: 'secret.rotated',
  atMicros: 0,
  audience: { kind: 'tenant', tenantId: 'tnt_a' as TenantId },
  identityId: 'user:a@a.example',
  path: 'app/db',
  data: '{}',
  requestId: null,
  secretType: 'api_key',
  tags: ['crm', 'eu'],
};
const policyEvent: IncomingEvent = { ...event, type: 'policy.binding.created', path: null, secretType: null, tags: [] };

const none: EventFilters = { pathPrefix: null, secretType: null, tags: null };
const hears = (
  events: readonly string[],
  filters: Partial<EventFilters> = {},
  paths: readonly string[] | null = null,
) => compileListener({ events, filters: { ...none, ...filters }, paths });

describe('the events list', () => {
  it.each([
    [['secret.rotated'], true],
    [['secret.*'], true],
    [['*'], true],
    [['policy.*', 'secret.rotated'], true],
    [['secret.created'], false],
    [['policy.*'], false],
    [[], false],
  ])('%j hears secret.rotated: %j', (events, heard) => {
    expect(hears(events)(event)).toBe(heard);
  });

  it('knows groups within groups', () => {
    expect(hears(['policy.*'])(policyEvent)).toBe(true);
    expect(hears(['policy.binding.*'])(policyEvent)).toBe(true);
    expect(hears(['policy.binding.*'])({ ...policyEvent, type: 'policy.created' })).toBe(false);
  });
});

describe('filters', () => {
  it.each<[Partial<EventFilters>, boolean]>([
    [{ pathPrefix: 'app' }, true],
    [{ pathPrefix: 'app/' }, true],
    [{ pathPrefix: 'app/db' }, true],
    [{ pathPrefix: 'app/db/' }, false],
    [{ pathPrefix: 'ap' }, false],
    [{ secretType: 'api_key' }, true],
    [{ secretType: 'kv' }, false],
    [{ tags: ['eu', 'us'] }, true],
    [{ tags: ['us'] }, false],
    [{ tags: [] }, true],
    [{ pathPrefix: 'app', secretType: 'api_key', tags: ['crm'] }, true],
    [{ pathPrefix: 'app', secretType: 'kv', tags: ['crm'] }, false],
  ])('%j: %j', (filters, heard) => {
    expect(hears(['*'], filters)(event)).toBe(heard);
  });

  it.each<[Partial<EventFilters>]>([[{ pathPrefix: 'app' }], [{ secretType: 'kv' }], [{ tags: ['crm'] }]])(
    '%j is failed by an event that has no such thing',
    (filters) => {
      expect(hears(['*'], filters)(policyEvent)).toBe(false);
    },
  );
});

describe('paths', () => {
  it.each([
    [['app/*'], true],
    [['other/**', 'app/db'], true],
    [['**'], true],
    [['app/db/**'], false],
  ])('%j: %j', (paths, heard) => {
    expect(hears(['*'], {}, paths)(event)).toBe(heard);
  });

  it('bring an event without one only where everything was asked for', () => {
    expect(hears(['*'], {}, ['*', '*/**'])(policyEvent)).toBe(false);
    expect(hears(['*'], {}, ['app/db', '**'])(policyEvent)).toBe(true);
    expect(hears(['*'])(policyEvent)).toBe(true);
  });
});
