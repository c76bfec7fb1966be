import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const logger = join(import.meta.dirname, '../src/telemetry/logger.ts');

/** Runs one statement on a real logger in a process of its own and returns what it printed. */
const print = (format: 'json' | 'text', level: string, statement: string): string => {
  const script = `
    import { createLogger } from ${JSON.stringify(logger)};
    const log = createLogger({ service: 'secrets', level: '${level}', format: '${format}' });
    ${statement}`;
  return execFileSync('/bin/sh', ['-c', 'exec "$0" --input-type=module -e "$1" 2>&1', process.execPath, script], {
    encoding: 'utf8',
  });
};

describe('the logger', () => {
  it('writes one JSON line with service and ISO time, and nothing below its level', () => {
    const lines = print('json', 'warn', `log.info('unseen'); log.warn({ rows: 3 }, 'seen');`).trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ service: 'secrets', rows: 3, msg: 'seen', level: 40 });
    expect((JSON.parse(lines[0] ?? '') as { time: string }).time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it.each(['json', 'text'] as const)('replaces what its names say is secret, three levels down (%s)', (format) => {
    const output = print(
      format,
      'info',
      `for (const name of ['authorization', 'token', 'access_token', 'password', 'secret', 'data', 'key', 'cookie', 'signature'])
         log.info({ [name]: 'canary', request: { [name]: 'canary', headers: { [name]: 'canary' } }, list: [{ [name]: 'canary' }] }, 'line');`,
    );
    expect(output).not.toContain('canary');
    expect(output).toContain('[redacted]');
    expect(output).toContain('line');
  });

  it('tells the causes of an error', () => {
    const output = print('json', 'info', `log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'x');`);
    expect(output).toContain('outer');
    expect(output).toContain('inner');
  });
});
