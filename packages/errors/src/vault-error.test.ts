import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { errorEnvelope } from './envelope.ts';
import { fieldError, validationError } from './field-error.ts';
import { isVaultError, toVaultError, VaultError } from './vault-error.ts';

describe('toVaultError', () => {
  it.each([
    ['an error of a library', new Error('password authentication failed for "canary"')],
    ['a text', 'canary'],
    ['an object', { code: 'token_invalid', message: 'canary' }],
    ['nothing', undefined],
  ])('makes %s an internal_error that says nothing of it', (_what, thrown) => {
    const error = toVaultError(thrown);
    expect(error.code).toBe('internal_error');
    expect(error.httpStatus).toBe(500);
    expect(JSON.stringify(errorEnvelope(error, 'req_1'))).not.toContain('canary');
    expect(error.cause).toBe(thrown);
  });

  it('leaves a refusal as it is', () => {
    const refusal = new VaultError('secret_not_found', 'There is no such secret.');
    expect(toVaultError(refusal)).toBe(refusal);
  });
});

describe('errorEnvelope', () => {
  it('carries code, message, details and request id, and nothing else', () => {
    const cause = new Error('canary');
    const error = new VaultError('version_conflict', 'Too late.', {
      cause,
      details: { current_version: 4 },
      retryAfterSeconds: 3,
    });
    const body: unknown = JSON.parse(JSON.stringify(errorEnvelope(error, 'req_1')));
    expect(body).toEqual({
      error: {
        code: 'version_conflict',
        message: 'Too late.',
        details: { current_version: 4 },
        request_id: 'req_1',
      },
    });
  });

  it('leaves details out when there are none', () => {
    expect(errorEnvelope(new VaultError('not_found', 'Nothing here.'), 'req_1').error).not.toHaveProperty('details');
  });
});

describe('validationError', () => {
  it('names every violation in its details and the first in its message', () => {
    const error = validationError([
      { field: 'options.max_versions', rule: 'range', message: 'must be from 1 to 100' },
      { field: 'tag[3]', rule: 'length', message: 'is too long' },
    ]);
    expect(error).toMatchObject({ code: 'validation_error', httpStatus: 422 });
    expect(error.message).toBe('options.max_versions: must be from 1 to 100 (and 1 more)');
    expect(error.details).toEqual({
      fields: [
        { field: 'options.max_versions', rule: 'range', message: 'must be from 1 to 100' },
        { field: 'tag[3]', rule: 'length', message: 'is too long' },
      ],
    });
  });

  it('stays short whatever a client calls its fields, so that every wire can carry it', () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      field: `${index}${'x'.repeat(10_000)}`,
      rule: 'unknown' as const,
      message: 'is not known',
    }));
    const error = validationError(many);
    expect(JSON.stringify(error.details).length).toBeLessThan(25_000);
    expect(error.details).toMatchObject({ fields: { length: 100, 99: { field: `99${'x'.repeat(126)}…` } } });
    expect(error.message.length).toBeLessThan(300);
  });

  it('has a short form for one field', () => {
    expect(fieldError('path', 'required', 'is required').details).toEqual({
      fields: [{ field: 'path', rule: 'required', message: 'is required' }],
    });
  });
});

describe('the stack of a VaultError', () => {
  const frames = (error: Error): number => error.stack?.match(/\n {4}at /g)?.length ?? 0;

  it('is there for a failure and not for a refusal, which are many, and all others keep theirs', () => {
    expect(frames(new VaultError('internal_error', 'Sorry.'))).toBeGreaterThan(0);
    expect(frames(new VaultError('service_unavailable', 'Later.'))).toBeGreaterThan(0);
    expect(frames(new VaultError('access_denied', 'No.'))).toBe(0);
    expect(frames(new Error('other'))).toBeGreaterThan(0);
  });
});

describe('isVaultError', () => {
  it('tells refusals by their class and code, never by their looks', () => {
    const error = new VaultError('not_found', 'Nothing here.');
    expect(isVaultError(error)).toBe(true);
    expect(isVaultError(error, 'not_found')).toBe(true);
    expect(isVaultError(error, 'secret_not_found')).toBe(false);
    expect(isVaultError({ ...error, name: 'VaultError' })).toBe(false);
  });

  it('keeps its cause for the log', () => {
    expect(inspect(new VaultError('internal_error', 'Sorry.', { cause: new Error('disk full') }))).toContain(
      'disk full',
    );
  });
});
