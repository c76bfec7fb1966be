import type { LoadResult, Pace } from '@scaivault/measure/load/drive';
import { usageOf } from '../process-usage.ts';
import { askOverHttp } from './ask-over-http.ts';
import type { BareAnswer } from './bare-fastify.ts';
import { cpuTimes, perRequest } from './cpu-times.ts';
import type { LoadPart } from './scenarios/load-scenario.ts';
import type { Stage } from './stage.ts';
import type { Target } from './target.ts';

export const bareFastify = 'bare fastify';
export const barePostgres = 'bare PostgreSQL';

const measured = (name: string, pid: number, load: (pace: Pace, seed: number) => Promise<LoadResult>): Target => ({
  name,
  load: async (pace, seed) => {
    const before = cpuTimes([usageOf(pid)]);
    const result = await load(pace, seed);
    return { ...result, cpu: { processes: perRequest(before, cpuTimes([usageOf(pid)]), result.requests) } };
  },
});

/** Where the bare server answers what a vault answers to that ask. */
const pathOf = (part: LoadPart, index: number): string => `/${part.name.replaceAll(/[^a-z0-9]/g, '-')}/${index}`;

/** What the first of the vaults answers to each ask; it goes into the vault's book. */
const learnAnswers = async ({ vaults: [under] }: Stage, part: LoadPart): Promise<readonly BareAnswer[]> => {
  const answers: BareAnswer[] = [];
  if (under === undefined) throw new Error('There is no vault to learn from.');
  for (const [index, { method, path, body, status, leaves }] of part.asks.entries()) {
    const numbered = (text: string): string => {
      let n = 0;
      return text.replaceAll('{n}', () => String(n++).padStart(6, '0'));
    };
    const given = body === undefined ? {} : { body: numbered(body) };
    const answer = await under.vault.request(method, numbered(path), { token: under.tokens[part.who], ...given });
    if (answer.status !== status)
      throw new Error(`${method} ${path} was answered with ${answer.status}: ${answer.text}`);
    under.noteAnswers(leaves, 1);
    answers.push({ method, path: pathOf(part, index), status, body: answer.text });
  }
  return answers;
};

/** A server that says at once what a vault says. */
const fastifyTarget = (stage: Stage, port: number, part: LoadPart, connections: number): Target => {
  const url = `http://127.0.0.1:${port}`;
  const templates = part.asks.map((ask, index) => ({ ...ask, path: pathOf(part, index) }));
  return measured(bareFastify, stage.fastify.pid, (pace, seed) =>
    askOverHttp(stage, bareFastify, { url, headers: {}, templates, connections, pace, numbers: { seed } }),
  );
};

/** A process that only asks the database. */
const postgresTarget = ({ statements }: Stage, part: LoadPart): Target =>
  measured(barePostgres, statements.pid, (pace, seed) =>
    statements.ask<LoadResult>({ load: { statements: part.asks, among: part.asks[0]?.among ?? 1, pace, seed } }),
  );

/** The two yardsticks of each part. */
export const openBareTargets = async (
  stage: Stage,
  parts: readonly LoadPart[],
  connections: number,
): Promise<(part: LoadPart) => readonly Target[]> => {
  const answers: BareAnswer[] = [];
  for (const part of parts) answers.push(...(await learnAnswers(stage, part)));
  const port = await stage.fastify.ask<number>(answers);
  return (part) => [fastifyTarget(stage, port, part, connections), postgresTarget(stage, part)];
};
