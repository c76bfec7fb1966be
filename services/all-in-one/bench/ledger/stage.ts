import { join } from 'node:path';
import { startBareStatements } from '@scaivault/db/bench';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';
import { startHttpLoad } from '@scaivault/measure/load/start-http-load';
import { startScript } from '@scaivault/measure/script';
import { removeVaultFolder } from '@scaivault/testkit/start-vault';
import type { BareAnswer } from './bare-fastify.ts';
import { makeFolder } from './make-folder.ts';
import type { Options } from './options.ts';
import { openVaultUnderTest, type VaultUnderTest } from './vault-under-test.ts';

/** All that one run needs, started and left alone: the vaults, what they are compared with, and who asks them. */
export interface Stage extends AsyncDisposable {
  readonly vaults: readonly VaultUnderTest[];
  readonly generator: ReturnType<typeof startHttpLoad>;
  /** Has to be told what to answer. */
  readonly fastify: ReturnType<typeof startScript<readonly BareAnswer[]>>;
  /** Has its rows, in a PostgreSQL of its own that is set up like those of the vaults. */
  readonly statements: ReturnType<typeof startBareStatements>;
}

/** As many as a service of the vault has. */
const databaseConnections = 10;

export const openStage = async (options: Options): Promise<Stage> => {
  await using parts = new AsyncDisposableStack();
  const vaults: VaultUnderTest[] = [];
  for (const shape of options.shapes) vaults.push(parts.use(await openVaultUnderTest(shape, options)));
  const generator = parts.use(startHttpLoad());
  const fastify = parts.use(startScript<readonly BareAnswer[]>(join(import.meta.dirname, 'bare-fastify.ts')));
  const dataDir = await makeFolder();
  parts.defer(() => removeVaultFolder(dataDir));
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
  parts.defer(() => postgres.stop());
  const statements = parts.use(startBareStatements());
  await statements.ask({ open: { url: postgres.localUrl, rows: options.secrets, connections: databaseConnections } });
  const all = parts.move();
  return { vaults, generator, fastify, statements, [Symbol.asyncDispose]: () => all.disposeAsync() };
};
