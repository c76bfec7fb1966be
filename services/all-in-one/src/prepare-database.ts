import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { checkMigrated } from '@scaivault/db';
import { type Configuration, ConfigurationError, type Environment } from '@scaivault/runtime';
import { allMigrations } from './migrations.ts';

/** The migrate command as a process of its own: what it loads (150 MB) does not stay with the process that serves. */
const runMigrateCommand = async (env: Environment): Promise<void> => {
  const child = fork(join(import.meta.dirname, 'migrate.ts'), { env: { ...env, LOG_LEVEL: 'warn' } });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error('The database could not be brought up to date; the lines above say why.');
};

/**
 * Brings the schemas up to date, checks them or leaves them alone, as DATABASE_MIGRATE says. `env` is what `config` was
 * read from.
 */
export const prepareDatabase = async (config: Configuration, env: Environment): Promise<void> => {
  if (config.DATABASE_URL === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
  if (config.DATABASE_MIGRATE === 'off') return;
  const target = {
    url: config.DATABASE_URL.reveal(),
    migrations: allMigrations,
    ...(config.DATABASE_CA_FILE === undefined ? {} : { caFile: config.DATABASE_CA_FILE }),
  };
  try {
    await checkMigrated(target);
  } catch (error) {
    if (config.DATABASE_MIGRATE === 'check') throw error;
    await runMigrateCommand(env);
  }
};
