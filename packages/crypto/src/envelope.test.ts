import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envelopeBytes, openEnvelope, sealEnvelope } from './envelope.ts';
import { IntegrityError, type IntegrityFault } from './integrity-error.ts';

const keyOf = (byte: number) => createSecretKey(Buffer.alloc(32, byte));
const key = keyOf(7);
const aad = Buffer.from('here');
const plaintext = Buffer.from('correct horse');

const expectFault = (open: () => unknown, fault: IntegrityFault): void => {
  expect(open).toThrowError(expect.toSatisfy((error) => error instanceof IntegrityError && error.fault === fault));
};

const flipped = (bytes: Buffer, index: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 0x01;
  return copy;
};

describe('an envelope', () => {
  it('gives back every plaintext, the empty one too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 80 }), (bytes, context) => {
        expect(openEnvelope(key, sealEnvelope(key, bytes, context), context).equals(bytes)).toBe(true);
      }),
    );
  });

  it('is 30 bytes longer than its plaintext and begins with format and algorithm', () => {
    const envelope = sealEnvelope(key, plaintext, aad);
    expect(envelope.length).toBe(30 + plaintext.length);
    expect(envelopeBytes(plaintext.length)).toBe(envelope.length);
    expect(envelope.subarray(0, 2).toString('hex')).toBe('f101');
  });

  it('opens as it was stored by the first release', () => {
    const stored = 'f1018489b2ac9fa28168b99dea34aeb809c8474d9cfc3e58156778dd94a5666e1a0203f081144bcbe2a59b';
    expect(openEnvelope(key, Buffer.from(stored, 'hex'), aad).toString()).toBe('correct horse');
  });

  it('never repeats a nonce', () => {
    const nonces = Array.from({ length: 500 }, () => sealEnvelope(key, plaintext, aad).toString('hex', 2, 14));
    expect(new Set(nonces).size).toBe(500);
  });

  it('refuses another context', () => {
    const envelope = sealEnvelope(key, plaintext, aad);
    expectFault(() => openEnvelope(key, envelope, Buffer.from('there')), 'authentication');
    expectFault(() => openEnvelope(key, envelope, Buffer.alloc(0)), 'authentication');
  });

  it('refuses another key', () => {
    expectFault(() => openEnvelope(keyOf(8), sealEnvelope(key, plaintext, aad), aad), 'authentication');
  });

  it('refuses a change of any single bit position it was tried at', () => {
    const envelope = sealEnvelope(key, plaintext, aad);
    for (const index of envelope.keys()) {
      expectFault(() => openEnvelope(key, flipped(envelope, index), aad), index < 2 ? 'format' : 'authentication');
    }
  });

  it('refuses every shorter and a longer one', () => {
    const envelope = sealEnvelope(key, plaintext, aad);
    for (let length = 0; length < envelope.length; length++) {
      expectFault(
        () => openEnvelope(key, envelope.subarray(0, length), aad),
        length < 30 ? 'format' : 'authentication',
      );
    }
    expectFault(() => openEnvelope(key, Buffer.concat([envelope, Buffer.of(0)]), aad), 'authentication');
  });

  it('refuses bytes that are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(() => openEnvelope(key, bytes, aad)).toThrowError(IntegrityError);
      }),
    );
  });

  it('is not made under a shorter key', () => {
    expect(() => sealEnvelope(createSecretKey(Buffer.alloc(16)), plaintext, aad)).toThrowError(RangeError);
  });
});
