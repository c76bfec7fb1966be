import { isVaultError } from '@scaivault/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CursorBinding, createCursorCodec } from './cursor.ts';
import { scopeId, tenantScope } from './scope.ts';
import { parsePartnerId, parseTenantId } from './tenant-id.ts';

const scopeOf = (tenant: string) => scopeId(tenantScope(parseTenantId(tenant), parsePartnerId('p')));
const binding: CursorBinding = { scopeId: scopeOf('a'), route: 'ListSecrets', filters: { prefix: 'app', type: null } };
const start = Date.UTC(2026, 3, 23);
const day = 24 * 3_600_000;

const setUp = () => {
  const clock = { ms: start };
  const codec = createCursorCodec({ key: new Uint8Array(32).fill(7), nowMs: () => clock.ms });
  return { clock, codec, text: codec.seal(binding, { after: 'app/db' }) };
};

const expectRefused = (open: () => unknown): void => {
  expect(open).toThrowError(expect.toSatisfy((e) => isVaultError(e, 'invalid_cursor')));
};

describe('a cursor', () => {
  it('gives its position back to the list it was made for', () => {
    const { codec } = setUp();
    fc.assert(
      fc.property(fc.jsonValue(), (position) => {
        const plain: unknown = JSON.parse(JSON.stringify(position));
        expect(codec.open(binding, codec.seal(binding, position))).toEqual(plain);
      }),
    );
  });

  it('does not depend on the order in which filters are written, and absent filters do not count', () => {
    const { codec, text } = setUp();
    expect(codec.open({ ...binding, filters: { type: null, prefix: 'app', tag: undefined } }, text)).toEqual({
      after: 'app/db',
    });
  });

  it.each<[string, Partial<CursorBinding>]>([
    ['another tenant', { scopeId: scopeOf('b') }],
    ['another route', { route: 'ListVersions' }],
    ['another filter value', { filters: { prefix: 'apple', type: null } }],
    ['a filter left out', { filters: { prefix: 'app' } }],
    ['a filter more', { filters: { prefix: 'app', type: null, tag: 'x' } }],
  ])('is refused for %s', (_what, change) => {
    const { codec, text } = setUp();
    expectRefused(() => codec.open({ ...binding, ...change }, text));
  });

  it('is refused under another key', () => {
    const other = createCursorCodec({ key: new Uint8Array(32).fill(8), nowMs: () => start });
    expectRefused(() => other.open(binding, setUp().text));
  });

  it('lives for 24 hours', () => {
    const { codec, clock, text } = setUp();
    clock.ms = start + day;
    expect(codec.open(binding, text)).toEqual({ after: 'app/db' });
    clock.ms = start + day + 1;
    expectRefused(() => codec.open(binding, text));
  });

  it.each<[string, (inner: Record<string, unknown>) => unknown]>([
    ['a moved position', (inner) => ({ ...inner, p: { after: 'zzz' } })],
    ['a later issue time', (inner) => ({ ...inner, t: start + 1 })],
    ['an issue time that is no number', (inner) => ({ ...inner, t: String(start) })],
    ['a checksum cut short', (inner) => ({ ...inner, m: String(inner.m).slice(0, 8) })],
    ['no checksum', ({ p, t }) => ({ p, t })],
    ['a list in place of the object', (inner) => [inner]],
    ['null', () => null],
  ])('is refused with %s', (_what, tamper) => {
    const { codec, text } = setUp();
    const inner = JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
    expectRefused(() => codec.open(binding, Buffer.from(JSON.stringify(tamper(inner))).toString('base64url')));
  });

  it('is refused when it is no cursor at all', () => {
    const { codec, text } = setUp();
    for (const garbage of ['', 'x', '%%%', `${text}=`, `${text} `, `${text}x`, text.slice(2), 'A'.repeat(100_000)]) {
      expectRefused(() => codec.open(binding, garbage));
    }
    fc.assert(fc.property(fc.base64String(), (garbage) => expectRefused(() => codec.open(binding, garbage))));
  });

  it('cannot be made with a short key', () => {
    expect(() => createCursorCodec({ key: new Uint8Array(31), nowMs: () => start })).toThrowError(
      expect.toSatisfy((e) => isVaultError(e, 'invalid_config')),
    );
  });
});
