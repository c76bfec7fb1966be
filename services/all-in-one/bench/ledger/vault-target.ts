import { postgresCpuMicros, usageBelow } from '../process-usage.ts';
import { askOverHttp } from './ask-over-http.ts';
import { cpuTimes, perRequest } from './cpu-times.ts';
import type { LoadPart } from './scenarios/load-scenario.ts';
import type { Stage } from './stage.ts';
import type { Target } from './target.ts';
import type { VaultUnderTest } from './vault-under-test.ts';

/** A vault; what it has answered goes into its book. */
export const vaultTarget = (stage: Stage, under: VaultUnderTest, part: LoadPart, connections: number): Target => {
  const { name, vault, tokens } = under;
  const look = async () => ({
    processes: cpuTimes(await usageBelow(vault.pid)),
    database: postgresCpuMicros(vault.dataDir),
  });
  return {
    name,
    load: async (pace, seed) => {
      const headers = { authorization: `Bearer ${tokens[part.who]}` };
      const before = await look();
      const result = await askOverHttp(stage, name, {
        url: vault.url,
        headers,
        templates: part.asks,
        connections,
        pace,
        numbers: { seed },
      });
      const after = await look();
      for (const [index, { leaves }] of part.asks.entries()) under.noteAnswers(leaves, result.answered[index] ?? 0);
      const processes = perRequest(before.processes, after.processes, result.requests);
      return { ...result, cpu: { processes, database: (after.database - before.database) / result.requests } };
    },
  };
};
