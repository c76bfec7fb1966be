import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@scaivault/db';
import { startEmbeddedPostgres } from '@scaivault/db/embedded';
import { median } from '@scaivault/measure/median';
import { repeat } from '@scaivault/runtime';
import { auditWriterMigrations } from '../src/store/migrations.ts';
import { encode, recordOf } from '../test/open-log.ts';
import { type OpenProof, openProof } from '../test/seal/open-proof.ts';

const rounds = 3;
const batches = 60;
const batchSize = 500;
/** Shippers of two processes, each with batches of four tenants. */
const shippers = 2;
const tenants = 4;

const batchOf = (round: string): readonly Uint8Array[] =>
  Array.from({ length: batchSize }, (_, index) =>
    encode(
      recordOf({ tenantId: `tnt_${round}_${index % tenants}`, extraData: Buffer.from('{"client_request_id":"r"}') }),
    ),
  );

/** Records a second while `ship` goes on. */
const ingest = async (opened: OpenProof, round: string): Promise<number> => {
  const waiting = Array.from({ length: batches }, () => batchOf(round));
  const started = performance.now();
  const ship = async (): Promise<void> => {
    for (let batch = waiting.pop(); batch !== undefined; batch = waiting.pop()) await opened.ingest(batch);
  };
  await Promise.all(Array.from({ length: shippers }, ship));
  return (batches * batchSize * 1000) / (performance.now() - started);
};

/** A PostgreSQL that writes to the disk as it does in earnest. */
const openDatabase = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'scaivault-bench-'));
  await chmod(folder, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log: () => {} });
  await migrate({ url: postgres.url, migrations: [auditWriterMigrations], log: () => {} });
  const drop = async (): Promise<void> => {
    const cluster = await realpath(join(folder, 'postgres'));
    await postgres.stop();
    for (const path of [cluster, folder]) await rm(path, { recursive: true, force: true });
  };
  return { url: postgres.url, drop };
};

const unsealed = async (opened: OpenProof): Promise<number> => {
  const [row] = await opened.owner.sql<
    { rows: number }[]
  >`select sum(event_seq - sealed_seq)::bigint as rows from head`;
  return row?.rows ?? 0;
};

/** `pnpm bench seal`: records stored a second without the sealer and with it, interleaved; what it leaves behind. */
export const runSeal = async (): Promise<void> => {
  await using opened = await openProof(await openDatabase());
  const rates = { without: [] as number[], with: [] as number[] };
  const left: number[] = [];
  const catchUp: number[] = [];
  await ingest(opened, 'warm');
  await opened.seal();
  for (let round = 0; round < rounds; round += 1) {
    rates.without.push(await ingest(opened, `a${round}`));
    const started = performance.now();
    const waiting = await unsealed(opened);
    await opened.seal();
    await opened.seal();
    catchUp.push(((waiting - (await unsealed(opened))) * 1000) / (performance.now() - started));
    const sealing = repeat(opened.proof.sealTurn, { everyMs: 200, onFailure: (error) => opened.failures.push(error) });
    rates.with.push(await ingest(opened, `b${round}`));
    left.push(await unsealed(opened));
    await sealing.stop();
    await opened.seal();
    await opened.seal();
  }
  if (opened.failures.length > 0) throw new Error('Sealing failed.', { cause: opened.failures[0] });
  const [without, sealed] = [median(rates.without), median(rates.with)];
  process.stdout.write(`
seal: ${rounds} rounds of ${batches * batchSize} records in batches of ${batchSize}, one process, medians

records stored a second, no sealer    ${without.toFixed(0)}
the same while all of it is sealed    ${sealed.toFixed(0)}   (${(sealed / without).toFixed(2)} of it)
unsealed at the end of a round        ${median(left)} of ${batches * batchSize}
records sealed a second, catching up  ${median(catchUp).toFixed(0)}
`);
};
