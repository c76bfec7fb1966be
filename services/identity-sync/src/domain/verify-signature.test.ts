import { createHmac } from 'node:crypto';
import { Secret } from '@scaivault/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifySignature } from './verify-signature.ts';

const nowMs = Date.parse('2026-05-01T12:00:00Z');
const nowSeconds = nowMs / 1000;
const body = new TextEncoder().encode('{"event_id":"evt_1"}');
const secrets = [new Secret('new secret'), new Secret('old secret')];

const mac = (secret: string, time: number | string = nowSeconds, bytes: Uint8Array = body): string =>
  createHmac('sha256', secret).update(`${time}.`).update(bytes).digest('hex');

const check = (header: string | undefined, bytes: Uint8Array = body) => verifySignature(header, bytes, secrets, nowMs);
const refusal = expect.objectContaining({
  code: 'signature_invalid',
  message: 'The signature of this event is not valid.',
  details: undefined,
});

describe('the signature of an event', () => {
  it.each(['new secret', 'old secret'])('holds with the %s', (secret) => {
    check(`t=${nowSeconds},v1=${mac(secret)}`);
  });

  it('holds with several v1 parts, parts of other names, spaces and upper case', () => {
    check(`t=${nowSeconds},v1=${mac('unknown')},v1=${mac('old secret').toUpperCase()}`);
    check(`v0=abc, t=${nowSeconds}, v1=${mac('new secret')}`);
  });

  it('holds up to 300 seconds early or late, and no further', () => {
    for (const offset of [-300, 300]) check(`t=${nowSeconds + offset},v1=${mac('new secret', nowSeconds + offset)}`);
    for (const offset of [-301, 301]) {
      expect(() => check(`t=${nowSeconds + offset},v1=${mac('new secret', nowSeconds + offset)}`)).toThrow(refusal);
    }
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['has no time', `v1=${mac('new secret')}`],
    ['has two times', `t=${nowSeconds},t=${nowSeconds},v1=${mac('new secret')}`],
    ['has a time that is no number', `t=soon,v1=${mac('new secret', 'soon')}`],
    ['has a negative time', `t=-1,v1=${mac('new secret', -1)}`],
    ['has no v1', `t=${nowSeconds}`],
    ['is of another secret', `t=${nowSeconds},v1=${mac('unknown')}`],
    ['is of another time', `t=${nowSeconds},v1=${mac('new secret', nowSeconds - 1)}`],
    ['is cut short', `t=${nowSeconds},v1=${mac('new secret').slice(0, 62)}`],
    ['is too long', `t=${nowSeconds},v1=${mac('new secret')}00`],
    ['is under another name', `t=${nowSeconds},v2=${mac('new secret')}`],
  ])('is refused when it %s', (_case, header) => {
    expect(() => check(header)).toThrow(refusal);
  });

  it('is refused for any other body', () => {
    const header = `t=${nowSeconds},v1=${mac('new secret')}`;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        fc.pre(Buffer.compare(bytes, body) !== 0);
        expect(() => check(header, bytes)).toThrow(refusal);
      }),
    );
  });

  it('is refused whatever else the header holds', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (header) => {
        expect(() => check(header)).toThrow(refusal);
      }),
    );
  });

  it('is refused when no secret is there', () => {
    expect(() => verifySignature(`t=${nowSeconds},v1=${mac('')}`, body, [], nowMs)).toThrow(refusal);
  });
});
