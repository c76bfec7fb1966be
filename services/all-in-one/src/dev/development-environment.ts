import { join, resolve } from 'node:path';
import type { Environment } from '@scaivault/runtime';

/** Where development keeps its things; DATA_DIR moves it. */
export const dataFolder = (env: Environment): string => resolve(env.DATA_DIR ?? '.scaivault');

export interface DevelopmentParts {
  readonly databaseUrl: string;
  readonly scaiKeyUrl: string;
  readonly webhookSecret: string;
}

/** Address of the emulator when nothing else is asked for. */
export const emulatorAddress = (env: Environment): string => env.SCAIKEY_EMULATOR_BIND ?? '127.0.0.1:8444';

/** `dev.env` says where the emulator is: a shell that has sourced it means that one, not a provider elsewhere. */
export const withoutOwnEmulator = (env: Environment): Environment =>
  env.SCAIKEY_URL === `http://${emulatorAddress(env)}` ? { ...env, SCAIKEY_URL: undefined } : env;

/** The vault's own client in the emulator's seed. */
const emulatorClient = {
  SCAIKEY_CLIENT_ID: 'scaivault',
  SCAIKEY_CLIENT_SECRET: 'scaivault-development-secret',
} as const;

const publicAddress = '127.0.0.1:8443';

/** A ready configuration for this machine; every variable that is set in the environment wins. */
export const developmentEnvironment = (env: Environment, parts: DevelopmentParts): Environment => {
  const folder = dataFolder(env);
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  const bindAddress = env.BIND_ADDRESS ?? publicAddress;
  return {
    BIND_ADDRESS: bindAddress,
    BASE_URL: `http://${bindAddress}`,
    DATABASE_MIGRATE: 'auto',
    DATABASE_URL: parts.databaseUrl,
    JOURNAL_DIR: join(folder, 'journal'),
    KMS_LOCAL_KEY_FILE: join(folder, 'kms', 'root.key'),
    KMS_PROVIDER: 'local',
    LOG_FORMAT: 'text',
    LOG_LEVEL: 'warn',
    METRICS_BIND_ADDRESS: '127.0.0.1:0',
    SCAIKEY_AUDIENCE: 'scaivault',
    ...(env.SCAIKEY_URL === undefined ? emulatorClient : {}),
    SCAIKEY_URL: parts.scaiKeyUrl,
    SCAIKEY_WEBHOOK_SECRET: parts.webhookSecret,
    SHUTDOWN_TIMEOUT: '4s',
    ...set,
    DATA_DIR: folder,
  };
};
