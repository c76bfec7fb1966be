import { migrate } from '@scaivault/db';
import { ConfigurationError, createLogger, loadConfiguration, readEnvironment } from '@scaivault/runtime';
import { allMigrations } from './migrations.ts';

// `scaivault-migrate`: brings the schemas of all services up to date, as the login that owns them.
const config = loadConfiguration(readEnvironment());
const logger = createLogger({ service: 'migrate', level: config.LOG_LEVEL, format: config.LOG_FORMAT });
if (config.DATABASE_URL === undefined) throw new ConfigurationError('DATABASE_URL', 'is needed');
await migrate({
  url: config.DATABASE_URL.reveal(),
  migrations: allMigrations,
  log: (line) => logger.info(line),
  ...(config.DATABASE_CA_FILE === undefined ? {} : { caFile: config.DATABASE_CA_FILE }),
});
logger.info('The database is up to date.');
