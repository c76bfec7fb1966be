import { runDevelopment } from './dev/run-development.ts';
import { startVault } from './start-vault.ts';

/** Of the five seconds in which Ctrl-C stops everything. */
const workersStopMs = 4_000;

// `pnpm start`: everything in one process (or in WORKERS), with a PostgreSQL and a ScaiKey of its own beside it.
await runDevelopment({ shape: 'all-in-one', startVault: (start) => startVault(start, workersStopMs) });
