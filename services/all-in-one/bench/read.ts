import { type Shape, startVault, type Vault } from '@scaivault/testkit/start-vault';
import { ask, startScript } from './child.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { median } from './median.ts';
import { type Usage, usageBelow } from './process-usage.ts';

const connections = 32;
/** V8 is still compiling what 10,000 requests have found hot: a fifth of the processor, which no server pays that has run for a minute. */
const warmUpSeconds = 15;
const roundSeconds = 6;
const rounds = 3;

interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Process whose usage (with all below it) counts. */
  readonly pid: number;
  readonly results: { load: LoadResult; cpu: readonly { name: string; perRequest: number }[] }[];
  /** Answered in all, the warm-up included. */
  answered: number;
}

const round = (value: number, digits = 0): string => value.toFixed(digits);

const secret = {
  data: { username: 'app', password: 'correct horse battery staple', host: 'db.internal', port: '5432' },
};

const prepare = async (shape: Shape): Promise<{ vault: Vault; idle: readonly Usage[]; answered: string }> => {
  const vault = await startVault({ shape, env: { RATE_LIMIT_SECRETS_READ: '0', LOG_LEVEL: 'warn' } });
  const written = await vault.request('PUT', '/v1/secrets/bench/read', { body: secret });
  if (written.status !== 201) throw new Error(`The secret was not written: ${written.text}`);
  // Idle means: started, used once, and left alone for a moment.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const idle = await usageBelow(vault.pid);
  const read = await vault.request('GET', '/v1/secrets/bench/read');
  if (read.status !== 200) throw new Error(`The secret cannot be read: ${read.text}`);
  return { vault, idle, answered: read.text };
};

const measure = async (
  load: ReturnType<typeof startScript>,
  target: Target,
  seconds: number,
  counts: boolean,
): Promise<void> => {
  const before = new Map((await usageBelow(target.pid)).map((usage) => [usage.name, usage.cpuMicros]));
  const order: LoadOrder = { url: target.url, headers: target.headers, connections, seconds };
  const result = await ask<LoadResult>(load, order);
  const after = await usageBelow(target.pid);
  if (result.non2xx > 0) throw new Error(`${target.name}: ${result.non2xx} of ${result.requests} requests failed.`);
  target.answered += result.requests;
  if (!counts) return;
  const cpu = after.map(({ name, cpuMicros }) => ({
    name,
    perRequest: (cpuMicros - (before.get(name) ?? 0)) / result.requests,
  }));
  target.results.push({ load: result, cpu });
};

/**
 * Every answered request must have left its audit row; a bench that skips a step measures nothing. Calls that were under
 * way when a load ended were answered too, and nobody counted them: at most one per connection and load.
 */
const countAuditRows = async (vault: Vault, answered: number): Promise<string> => {
  const deadline = performance.now() + 60_000;
  const sql = await vault.openDatabase();
  const countRows = async (): Promise<number> => {
    const [row] = await sql`select count(*)::integer as count from audit.log where action = 'read'`;
    return row?.count ?? 0;
  };
  await using _session = { [Symbol.asyncDispose]: () => sql.end() };
  for (;;) {
    const rows = await countRows();
    const uncounted = rows - answered;
    if (uncounted >= 0 && uncounted <= connections * (rounds + 1)) return `${rows} audit rows for ${answered} reads`;
    if (performance.now() > deadline) return `NOT AS MANY AUDIT ROWS (${rows}) AS READS (${answered})`;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

const line = (cells: readonly string[]): string =>
  `${cells.map((cell, i) => (i === 0 ? cell.padEnd(14) : cell.padStart(12))).join('')}\n`;

const report = (targets: readonly Target[], bare: Target): void => {
  const rate = (target: Target): number => median(target.results.map(({ load }) => load.perSecond));
  process.stdout.write(
    `\nread: one hot secret, ${connections} connections, ${rounds} rounds of ${roundSeconds} s each, medians\n\n`,
  );
  process.stdout.write(line(['', 'requests/s', 'of fastify', 'p50 ms', 'p99 ms', 'CPU us/req']));
  for (const target of targets) {
    const cpu = median(target.results.map(({ cpu: parts }) => parts.reduce((sum, part) => sum + part.perRequest, 0)));
    process.stdout.write(
      line([
        target.name,
        round(rate(target)),
        round(rate(target) / rate(bare), 3),
        round(median(target.results.map(({ load }) => load.p50Ms)), 1),
        round(median(target.results.map(({ load }) => load.p99Ms)), 1),
        round(cpu),
      ]),
    );
    const names = target.results[0]?.cpu.map(({ name }) => name) ?? [];
    if (names.length > 1) {
      for (const name of names) {
        const share = median(
          target.results.map(({ cpu: parts }) => parts.find((part) => part.name === name)?.perRequest ?? 0),
        );
        process.stdout.write(line([`  ${name}`, '', '', '', '', round(share)]));
      }
    }
  }
};

/** `pnpm bench read`: both shapes beside a bare fastify that answers the same JSON, interleaved in one run. */
export const runRead = async (): Promise<void> => {
  const bareServer = startScript('bare-fastify.ts');
  const load = startScript('load.ts');
  const single = await prepare('all-in-one');
  const services = await prepare('services');
  try {
    const barePort = await ask<number>(bareServer, single.answered);
    const shapeTarget = (name: string, vault: Vault): Target => ({
      name,
      url: `${vault.url}/v1/secrets/bench/read`,
      headers: { authorization: `Bearer ${vault.token}` },
      pid: vault.pid,
      results: [],
      answered: 0,
    });
    const bare: Target = {
      name: 'bare fastify',
      url: `http://127.0.0.1:${barePort}/`,
      headers: {},
      pid: bareServer.pid ?? 0,
      results: [],
      answered: 0,
    };
    const targets = [bare, shapeTarget('all-in-one', single.vault), shapeTarget('services', services.vault)];
    for (const target of targets) await measure(load, target, warmUpSeconds, false);
    for (let i = 0; i < rounds; i++) for (const target of targets) await measure(load, target, roundSeconds, true);
    report(targets, bare);

    process.stdout.write('\nmemory in MB (RSS), without PostgreSQL\n\n');
    process.stdout.write(line(['', 'idle', 'after load', 'peak']));
    for (const { vault, idle } of [single, services]) {
      const now = await usageBelow(vault.pid);
      for (const usage of now) {
        const before = idle.find(({ name }) => name === usage.name);
        process.stdout.write(line([usage.name, round(before?.rssMb ?? 0), round(usage.rssMb), round(usage.peakMb)]));
      }
    }
    for (const [target, { vault }] of [
      [targets[1], single],
      [targets[2], services],
    ] as const) {
      // One read more: the one by which the bare server learned its answer.
      process.stdout.write(`\n${target?.name}: ${await countAuditRows(vault, (target?.answered ?? 0) + 1)}`);
    }
    process.stdout.write('\n');
  } finally {
    load.disconnect();
    bareServer.disconnect();
    await single.vault[Symbol.asyncDispose]();
    await services.vault[Symbol.asyncDispose]();
  }
};
