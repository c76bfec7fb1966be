import { isVaultError, VaultError } from '@scaivault/errors';
import type { CallContext } from '@scaivault/runtime';
import { describe, expect, it } from 'vitest';
import { raiseInputRefusal, sealInputRefusal } from './input-refusal.ts';

const raise = (sealed: string | undefined, peer = 'gateway'): VaultError | undefined => {
  try {
    raiseInputRefusal({ peer, metadata: { get: () => sealed } } as unknown as CallContext);
    return undefined;
  } catch (error) {
    if (isVaultError(error)) return error;
    throw error;
  }
};

describe('a refusal of the input that the gateway found', () => {
  it('is raised as it was, whatever alphabet it is written in', () => {
    const found = new VaultError('validation_error', 'Fröbel: 100 % falsch\n', {
      details: { fields: [{ field: 'ü\ud800' }] },
    });
    const sealed = sealInputRefusal(found);
    expect(sealed).toMatch(/^[\x21-\x7e]+$/);
    expect(raise(sealed)).toMatchObject({ code: found.code, message: found.message, details: found.details });
    expect(raise(sealInputRefusal(new VaultError('invalid_path', 'No.')))?.details).toBeUndefined();
  });

  it('is ignored from anybody else', () => {
    const sealed = sealInputRefusal(new VaultError('invalid_path', 'No.'));
    for (const peer of ['secrets', 'policy', '']) expect(raise(sealed, peer)).toBeUndefined();
    expect(raise(undefined)).toBeUndefined();
  });

  it.each(['access_denied', 'token_invalid', 'internal_error', 'no_code'])('cannot be %s', (code) => {
    expect(raise(encodeURIComponent(JSON.stringify({ code, message: 'x' })))?.code).toBe('invalid_request');
  });

  it('leaves details out that no call could carry', () => {
    const endless = new VaultError('validation_error', 'Not valid.', { details: { fields: 'ü'.repeat(50_000) } });
    const sealed = sealInputRefusal(endless);
    expect(sealed.length).toBeLessThan(1_000);
    expect(raise(sealed)).toMatchObject({ code: 'validation_error', message: 'Not valid.', details: undefined });
  });
});
