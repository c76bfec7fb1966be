import { createLogger, loadConfiguration, readEnvironment } from '@scaivault/runtime';
import { prepareDatabase } from './prepare-database.ts';

const config = loadConfiguration(readEnvironment());
const logger = createLogger({ service: 'migrate', level: 'info', format: config.LOG_FORMAT });
await prepareDatabase({ ...config, DATABASE_MIGRATE: 'auto' }, logger);
logger.info('The database is up to date.');
