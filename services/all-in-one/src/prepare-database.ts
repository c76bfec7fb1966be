import { checkMigrated, migrate } from '@scaivault/db';
import { type Configuration, ConfigurationError, type Logger } from '@scaivault/runtime';
import { allMigrations } from './migrations.ts';

/** Brings the schemas up to date, checks them or leaves them alone, as DATABASE_MIGRATE says. */
export const prepareDatabase = async (config: Configuration, logger: Logger): Promise<void> => {
  if (config.DATABASE_URL === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
  const target = {
    url: config.DATABASE_URL.reveal(),
    migrations: allMigrations,
    ...(config.DATABASE_CA_FILE === undefined ? {} : { caFile: config.DATABASE_CA_FILE }),
  };
  switch (config.DATABASE_MIGRATE) {
    case 'auto':
      await migrate({ ...target, log: (line) => logger.info(line) });
      break;
    case 'check':
      await checkMigrated(target);
      break;
    case 'off':
      break;
  }
};
