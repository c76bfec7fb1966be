import { fstatSync } from 'node:fs';
import { VaultError } from '@scaivault/errors';
import type { EmulatorLog } from './emulator-log.ts';
import { startScaiKeyEmulator } from './start-scaikey-emulator.ts';

const DEFAULT_BIND = '127.0.0.1:8090';
const DEFAULT_STATE_FILE = '.scaivault/scaikey-emulator.json';

/** Reads `host:port`; an IPv6 host stands in brackets. */
const readBind = (bind: string): { host: string; port: number } => {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]+)):(\d{1,5})$/.exec(bind);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new VaultError('invalid_config', 'SCAIKEY_EMULATOR_BIND must be host:port.');
  return { host, port: Number(match?.[3]) };
};

const write = (level: string, fields: Readonly<Record<string, unknown>>, message: string): void => {
  const { err, ...rest } = fields;
  const error = err instanceof Error ? { error: err.message } : {};
  process.stderr.write(`${JSON.stringify({ level, message, ...rest, ...error })}\n`);
};
const log: EmulatorLog = {
  info: (fields, message) => write('info', fields, message),
  warn: (fields, message) => write('warn', fields, message),
};

/** Calls `stop` when whoever started this process is gone: its pipe closes. A terminal or /dev/null is nobody's pipe. */
const watchParent = (stop: () => void): void => {
  process.once('disconnect', stop);
  const stdin = fstatSync(0, { throwIfNoEntry: false });
  if (stdin?.isFIFO() || stdin?.isSocket()) process.stdin.once('end', stop).once('error', stop).resume();
};

const {
  SCAIKEY_EMULATOR_BIND: bind = DEFAULT_BIND,
  SCAIKEY_EMULATOR_STATE: stateFile = DEFAULT_STATE_FILE,
  SCAIKEY_EMULATOR_URL: baseUrl,
  SCAIKEY_WEBHOOK_URL: webhookUrl,
  SCAIKEY_WEBHOOK_SECRET: secret,
} = process.env;

const emulator = await startScaiKeyEmulator({
  ...readBind(bind),
  stateFile,
  baseUrl,
  webhook: { url: webhookUrl, secret },
  log,
});
process.stdout.write(`${JSON.stringify({ url: emulator.url })}\n`);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  emulator.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      log.warn({ err: error }, 'stopping failed');
      process.exit(1);
    },
  );
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
watchParent(stop);
