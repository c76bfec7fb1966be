import { createRequire } from 'node:module';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type pretty from 'pino-pretty';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly service: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'json' | 'text';
}

/** Names that never reach a log line whatever object they stand in; a second net below the rule not to log them. */
const redacted = ['authorization', 'token', 'access_token', 'password', 'secret', 'data', 'key', 'cookie', 'signature'];

/** Loaded where lines are for people only. */
const loadPretty = (): typeof pretty => createRequire(import.meta.url)('pino-pretty') as typeof pretty;

/** A logger of one process. Error causes are logged, values are not: what redaction names is replaced. */
export const createLogger = (options: LoggerOptions): Logger =>
  pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: redacted.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    },
    options.format === 'text'
      ? loadPretty()({ colorize: process.stderr.isTTY, destination: 2, sync: true, ignore: 'pid,hostname' })
      : pino.destination({ fd: 1, sync: true }),
  );
