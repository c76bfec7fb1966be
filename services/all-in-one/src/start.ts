import { runDevelopment } from './dev/run-development.ts';
import { startAllInOne } from './start-all-in-one.ts';

// `pnpm start`: everything in one process, with a PostgreSQL and a ScaiKey of its own beside it.
await runDevelopment({
  shape: 'all-in-one',
  startVault: ({ config, env, logger }) => startAllInOne(config, env, logger),
});
