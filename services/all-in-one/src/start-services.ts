import { runDevelopment } from './dev/run-development.ts';
import { startProcesses } from './dev/start-processes.ts';

// `pnpm start:services`: one process per service on loopback, gRPC with mutual TLS between them.
await runDevelopment({ shape: 'services', startVault: startProcesses });
