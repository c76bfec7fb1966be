import { startEmbeddedPostgres } from '../src/embedded/start-embedded-postgres.ts';

/** A process that starts the database of a folder, tells where it is, and exits in the ordinary way when asked. */
const { pid, port } = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', durable: false, log: () => {} });
process.stdout.write(JSON.stringify({ pid, port }));
process.stdin.on('data', () => process.exit(0));
