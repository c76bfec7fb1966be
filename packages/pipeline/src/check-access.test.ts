import { Audience, Permission } from '@scaivault/contracts';
import { createDispatcher } from '@scaivault/runtime';
import { type InlineMethod, inlineService } from '@scaivault/testkit';
import { describe, expect, it } from 'vitest';
import { createPipeline, type PipelineOptions } from './pipeline.ts';

/** Builds a process that serves one RPC with this option. */
const build = (
  access: NonNullable<InlineMethod['access']>,
  partnerPrefix = false,
  options = { policies: {} } as PipelineOptions,
): void => {
  const { service } = inlineService({ peer: 'secrets', partnerPrefix, methods: [{ name: 'Ask', access }] });
  const implementation = { ask: async () => ({}) };
  createDispatcher([{ desc: service, implementation }], createPipeline(options));
};
const { READ } = Permission;

describe('a process', () => {
  it.each([
    ['a permission on a path', { scope: 's', permission: READ, path: '{path}', rate: 'secrets:read' }],
    ['a permission on each row', { scope: 's', permission: READ, eachRow: true }],
    [
      'a permission and a row of each item',
      { scope: 's', permission: READ, eachRow: true, audit: 'read', auditEach: true },
    ],
    ['a scope alone', { scope: 's' }],
    ['any token', { audience: Audience.ANY_TOKEN }],
    ['everybody', { audience: Audience.PUBLIC }],
    ['peers by name', { audience: Audience.PEERS, peers: ['gateway'], noRow: false }],
    ['callers of peers by name', { scope: 's', audit: 'read', peers: ['audit-writer'] }],
    ['a row', { scope: 's', audit: 'read' }],
  ])('starts with an RPC for %s', (_what, access) => {
    expect(() => build(access)).not.toThrow();
  });

  it('that follows no policies refuses to start with an RPC that asks them', () => {
    expect(() => build({ scope: 's', permission: READ, eachRow: true }, false, {} as PipelineOptions)).toThrow(
      'asks policies, and this process follows none',
    );
    expect(() => build({ scope: 's' }, false, {} as PipelineOptions)).not.toThrow();
  });

  it.each([
    ['no scope', {}, /names no scope/],
    ['no peers', { audience: Audience.PEERS }, /names no peers/],
    ['peers of everybody', { audience: Audience.PUBLIC, peers: ['x'] }, /is for everybody and names peers/],
    ['a permission on nothing', { scope: 's', permission: READ }, /names no path/],
    ['a path without permission', { scope: 's', path: '{path}' }, /asks for no permission/],
    ['rows without permission', { scope: 's', eachRow: true }, /asks for no permission/],
    ['a permission of everybody', { audience: Audience.PUBLIC, permission: READ, path: '{path}' }, /does not know/],
    [
      'a permission of peers',
      { audience: Audience.PEERS, peers: ['x'], permission: READ, path: '{path}' },
      /does not know/,
    ],
    ['a path that is no field', { scope: 's', permission: READ, path: '{absent}' }, /names no field/],
    ['a path beside a field', { scope: 's', permission: READ, path: 'app/{path}' }, /names no field/],
    ['an audit path that is no field', { scope: 's', auditPath: '{absent}' }, /names no field/],
    ['rows of items it has not', { scope: 's', audit: 'read', auditEach: true }, /leaves rows of items/],
    [
      'rows of items on one path',
      { scope: 's', permission: READ, path: '{path}', audit: 'read', auditEach: true },
      /leaves rows of items/,
    ],
    [
      'rows of items without an action',
      { scope: 's', permission: READ, eachRow: true, auditEach: true },
      /leaves rows of items/,
    ],
    ['rows by a list it has not', { scope: 's', audit: 'read', auditUnlessEmpty: 'absent' }, /leaves rows by a list/],
    [
      'rows by a field that is no list',
      { scope: 's', audit: 'read', auditUnlessEmpty: 'text' },
      /leaves rows by a list/,
    ],
    ['rows by a list without an action', { scope: 's', auditUnlessEmpty: 'text' }, /leaves rows by a list/],
    ['no audit action', { scope: 's', noRow: false }, /names no audit action, nor says/],
    ['no audit action for everybody', { audience: Audience.PUBLIC, noRow: false }, /names no audit action, nor says/],
    ['an audit action and none', { scope: 's', audit: 'read', noRow: true }, /and says that it leaves no row/],
    ['an audit action that nobody knows', { scope: 's', audit: 'raed' }, /names no audit action: raed/],
    ['an unknown rate category', { scope: 's', rate: 'secrets:reed' }, /no rate category/],
  ])('refuses to start with an RPC that has %s', (_what, access, message) => {
    expect(() => build(access)).toThrow(message);
  });

  it("serves a partner's objects only through RPCs whose permission says whether they change them", () => {
    expect(() => build({ scope: 's' }, true)).toThrow(/for a partner's objects/);
    expect(() => build({ scope: 's', permission: READ, path: '{path}' }, true)).not.toThrow();
    expect(() => build({ audience: Audience.PEERS, peers: ['gateway'] }, true)).not.toThrow();
  });
});
