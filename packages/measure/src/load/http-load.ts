import { answerQuestions } from '../answer-questions.ts';
import { drive, type LoadResult, type Pace } from './drive.ts';
import { type HttpConnection, openHttpConnection } from './http-connection.ts';
import { compileTemplate, type RequestTemplate } from './request-template.ts';
import { seededRandom } from './seeded-random.ts';
import { weightedTurns } from './weighted-turns.ts';

export interface WeightedTemplate extends RequestTemplate {
  /** Turns among those of the others. */
  readonly weight: number;
  /** Another status is a failure. */
  readonly status: number;
}

export interface HttpOrder {
  /** `http://host:port` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly templates: readonly WeightedTemplate[];
  readonly connections: number;
  readonly pace: Pace;
  /** Drawn by chance, the same ones for the same seed, or each of the first template's numbers in its turn. */
  readonly numbers: { readonly seed: number } | 'in order';
}

export interface HttpResult extends LoadResult {
  /** Answers by template. */
  readonly answered: readonly number[];
  /** Answers with another status than the one expected, by template and status. */
  readonly unexpected: Readonly<Record<string, number>>;
}

/** Connections that go from hand to hand: whoever finds none waits, and who waits longest is first. */
const createPool = (connections: readonly HttpConnection[]) => {
  const free = [...connections];
  const waiting: ((connection: HttpConnection) => void)[] = [];
  return {
    take: (): Promise<HttpConnection> | HttpConnection =>
      free.pop() ?? new Promise<HttpConnection>((resolve) => waiting.push(resolve)),
    giveBack: (connection: HttpConnection): void => {
      const next = waiting.shift();
      if (next === undefined) free.push(connection);
      else next(connection);
    },
  };
};

/** The middles of so many equal parts of 0 to 1, one after the other. */
const inOrder = (count: number): (() => number) => {
  let turn = 0;
  return () => ((turn++ % count) + 0.5) / count;
};

const load = async ({ url, headers, templates, connections, pace, numbers }: HttpOrder): Promise<HttpResult> => {
  const { host, hostname, port } = new URL(url);
  const opened = await Promise.all(
    Array.from({ length: connections }, () => openHttpConnection(hostname, Number(port))),
  );
  const pool = createPool(opened);
  const writers = templates.map((template) => compileTemplate(template, host, headers));
  const turns = weightedTurns(templates.map(({ weight }) => weight));
  const random = numbers === 'in order' ? inOrder(templates[0]?.among ?? 1) : seededRandom(numbers.seed);
  const answered = templates.map(() => 0);
  const unexpected: Record<string, number> = {};
  let turn = 0;
  try {
    const result = await drive(pace, async () => {
      const connection = await pool.take();
      const index = turns[turn++ % turns.length] ?? 0;
      const template = templates[index];
      const status = await connection.ask(writers[index]?.(random) ?? '');
      pool.giveBack(connection);
      answered[index] = (answered[index] ?? 0) + 1;
      if (status === template?.status) return;
      const name = `${template?.method} ${template?.path} ${status}`;
      unexpected[name] = (unexpected[name] ?? 0) + 1;
    });
    return { ...result, answered, unexpected };
  } finally {
    for (const connection of opened) connection.close();
  }
};

// In a process of its own, so that it takes no time from what it measures.
answerQuestions(load);
