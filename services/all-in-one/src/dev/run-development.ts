import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';
import {
  type Configuration,
  createLogger,
  type Environment,
  loadConfiguration,
  type RunningProcess,
  readEnvironment,
  runUntilSignal,
  splitAddress,
} from '@scaivault/runtime';
import { startScaiKeyEmulator } from '@scaivault/scaikey-emulator';
import type { VaultStart } from '../start-vault.ts';
import { dataFolder, developmentEnvironment, emulatorAddress, withoutOwnEmulator } from './development-environment.ts';
import { explainFailure } from './explain-failure.ts';
import { printWelcome } from './welcome.ts';
import { writeDevelopmentEnv } from './write-development-env.ts';

export interface DevelopmentOptions {
  readonly shape: 'all-in-one' | 'services';
  readonly startVault: (start: VaultStart) => Promise<RunningProcess & { readonly port: number }>;
}

const webhookPath = '/v1/identity/webhooks/scaikey';
/** A token that lasts a day's work; the next start writes a new one. */
const tokenSeconds = 86_400;

/** Started parts, stopped in the reverse order. */
const createStack = () => {
  const stops: (() => Promise<void>)[] = [];
  return {
    add: (stop: () => Promise<void>): void => void stops.push(stop),
    unwind: async (): Promise<void> => {
      for (const stop of stops.splice(0).reverse()) await stop();
    },
  };
};

/** Root's database runs as an unprivileged user that must be able to pass through; every file inside has its own mode. */
const makeFolders = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  await mkdir(join(folder, 'kms'), { recursive: true, mode: 0o700 });
};

/** A wrong setting is told before anything is started; what is not known yet is stood in for. */
const checkEarly = (env: Environment): Configuration =>
  loadConfiguration(
    developmentEnvironment(env, {
      databaseUrl: 'postgresql://not-started',
      scaiKeyUrl: 'http://not-started',
      webhookSecret: 'not-started',
    }),
  );

const startDevelopment = async (options: DevelopmentOptions, given: Environment): Promise<RunningProcess> => {
  const startedAt = performance.now();
  const env = withoutOwnEmulator(given);
  const folder = dataFolder(env);
  await makeFolders(folder);
  const parts = createStack();
  try {
    const { LOG_FORMAT: format } = checkEarly(env);
    const logger = createLogger({ service: 'start', level: 'info', format });
    const note = (line: string): void => logger.info(line);
    const database =
      env.DATABASE_URL === undefined ? await startEmbeddedPostgres({ dataDir: folder, log: note }) : undefined;
    if (database !== undefined) parts.add(() => database.stop());
    const { host, port } = splitAddress(emulatorAddress(env));
    const emulator =
      env.SCAIKEY_URL === undefined
        ? await startScaiKeyEmulator({
            host,
            port,
            stateFile: join(folder, 'scaikey-emulator.json'),
            ...(env.SCAIKEY_WEBHOOK_SECRET === undefined
              ? {}
              : { webhook: { secret: env.SCAIKEY_WEBHOOK_SECRET.split(',')[0] ?? '' } }),
          })
        : undefined;
    if (emulator !== undefined) parts.add(() => emulator.stop());
    const full = developmentEnvironment(env, {
      databaseUrl: database?.localUrl ?? '',
      scaiKeyUrl: emulator?.url ?? '',
      webhookSecret: emulator?.webhookSecret ?? '',
    });
    const config = loadConfiguration(full);
    const vaultLogger = createLogger({ service: options.shape, level: config.LOG_LEVEL, format: config.LOG_FORMAT });
    const vault = await options.startVault({ config, env: full, logger: vaultLogger });
    parts.add(() => vault.stop());

    const { host: bindHost } = splitAddress(config.BIND_ADDRESS);
    const scheme = config.TLS_CERT_FILE === undefined ? 'http' : 'https';
    const url = `${scheme}://${bindHost === '0.0.0.0' ? '127.0.0.1' : bindHost}:${vault.port}`;
    if (emulator !== undefined) {
      emulator.sendWebhooksTo(`${url}${webhookPath}`);
      await emulator.deliverAll();
      const { access_token: token } = await emulator.mintToken({
        sub: 'alice@acme.example',
        amr: ['pwd', 'mfa'],
        expires_in: tokenSeconds,
      });
      const file = await writeDevelopmentEnv(folder, {
        url,
        token,
        scaiKeyUrl: emulator.url,
        webhookSecret: emulator.webhookSecret,
      });
      printWelcome({
        url,
        token,
        scaiKeyUrl: emulator.url,
        envFile: file,
        folder,
        shape: options.shape,
        workers: config.WORKERS,
        seconds: (performance.now() - startedAt) / 1000,
      });
    } else {
      process.stdout.write(
        `ScaiVault answers at ${url}; tokens come from ${config.SCAIKEY_URL}. Stop it with Ctrl-C.\n`,
      );
    }
    return { stop: parts.unwind };
  } catch (error) {
    await parts.unwind();
    throw error;
  }
};

/** `pnpm start` and `pnpm start:services`: everything a first try needs, on loopback, with its data in one folder. */
export const runDevelopment = async (options: DevelopmentOptions): Promise<void> => {
  const env = readEnvironment();
  await runUntilSignal({
    start: () => startDevelopment(options, env),
    stopTimeoutMs: () => 5_000,
    // Set by pnpm and npm for their scripts.
    endsWithParent: env.npm_lifecycle_event !== undefined,
    onFailure: (error) => process.stderr.write(explainFailure(error)),
  });
};
