import { setTimeout as sleep } from 'node:timers/promises';
import type { Figure } from '@scaivault/measure/ledger/figure';
import { usageOf } from '../../process-usage.ts';
import { openBareTargets } from '../bare-targets.ts';
import { certifyAll, type Findings } from '../findings.ts';
import { lookAtMemory, memoryFigures } from '../look-at-memory.ts';
import type { Options } from '../options.ts';
import { seededPath } from '../secret.ts';
import { openStage } from '../stage.ts';
import { vaultTarget } from '../vault-target.ts';
import type { LoadPart } from './load-scenario.ts';
import { readOf } from './read.ts';

const idleMs = 15_000;
/** A leak goes on growing where a cache has its end. */
const shares = [0.1, 0.5, 1];

/** Memory when idle, and while so many reads of all secrets are answered. */
export const runMemory = async (options: Options): Promise<Findings> => {
  const { connections, requests, secrets } = options;
  const part: LoadPart = { name: 'uniform', who: 'admin', asks: [readOf(seededPath, secrets)] };
  await using stage = await openStage(options);
  const bareTargets = await openBareTargets(stage, [part], connections);
  const [fastify] = bareTargets(part);
  const figures: Figure[] = [];
  const look = async (what: string): Promise<void> => {
    await sleep(idleMs);
    figures.push(...memoryFigures('bare fastify', [usageOf(stage.fastify.pid)], what));
    figures.push(...(await lookAtMemory(stage.vaults, what)));
  };
  await look('MB, idle');
  const targets = [
    ...(fastify === undefined ? [] : [fastify]),
    ...stage.vaults.map((under) => vaultTarget(stage, under, part, connections)),
  ];
  let done = 0;
  for (const [round, share] of shares.entries()) {
    const more = Math.round(requests * share) - done;
    for (const target of targets) await target.load({ callers: connections, requests: more }, round);
    done += more;
    await look(`MB, after ${done}`);
  }
  figures.push(...(await lookAtMemory(stage.vaults, 'MB, peak', ({ peakMb }) => peakMb)));
  return { figures, certificates: await certifyAll(stage.vaults) };
};
