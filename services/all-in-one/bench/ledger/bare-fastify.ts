import { answerQuestions } from '@scaivault/measure/answer-questions';
import fastify from 'fastify';

/** What it answers, by method and path. */
export interface BareAnswer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: string;
}

const json = 'application/json; charset=utf-8';

const serve = async (answers: readonly BareAnswer[]): Promise<number> => {
  const app = fastify({ logger: false });
  for (const { method, path, status, body } of answers)
    app.route({
      method,
      url: path,
      handler: (_request, reply) => reply.code(status).header('content-type', json).send(body),
    });
  return Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port);
};

// The yardstick: the same JSON from a server that does nothing else. Answers with its port.
answerQuestions(serve);
