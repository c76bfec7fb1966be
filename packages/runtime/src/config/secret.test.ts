import { format, inspect } from 'node:util';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

describe('Secret', () => {
  const secret = new Secret('canary');

  it('gives its value to whoever asks for it by name', () => {
    expect(secret.reveal()).toBe('canary');
  });

  it.each([
    ['String', String(secret)],
    ['a template', `${secret}`],
    ['JSON', JSON.stringify({ deep: [secret] })],
    ['util.inspect', inspect({ deep: { secret } }, { showHidden: true, depth: null })],
    ['util.format', format('%s %o %j', secret, secret, secret)],
    ['spreading', JSON.stringify({ ...secret })],
    ['structuredClone', inspect(structuredClone(secret))],
  ])('is not shown by %s', (_way, text) => {
    expect(text).not.toContain('canary');
  });

  it('is not shown by the logger', () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line) => lines.push(line) });
    logger.info({ secret, config: { other: secret }, err: new Error('x', { cause: secret }) }, 'seen %s', secret);
    expect(lines.join()).not.toContain('canary');
    expect(lines.join()).toContain('[redacted]');
  });
});
