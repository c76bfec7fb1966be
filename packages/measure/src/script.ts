import { fork } from 'node:child_process';

interface Reply {
  readonly id: number;
  readonly answer?: unknown;
  readonly failure?: string;
}

/** A process that answers questions; it ends with us, or when it is disposed of. */
export interface Script<Question> extends Disposable {
  readonly pid: number;
  ask<Answer>(question: Question): Promise<Answer>;
}

/** Starts a script that calls `answerQuestions`; what it tells on its own (`tellParent`) goes to `onNews`. */
export const startScript = <Question extends object, News = never>(
  path: string,
  onNews: (news: News) => void = () => {},
): Script<Question> => {
  const child = fork(path, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', (message: Reply | { readonly news: News }) => {
    if ('news' in message) return onNews(message.news);
    const { id, answer, failure } = message;
    if (failure === undefined) waiting.get(id)?.resolve(answer);
    else waiting.get(id)?.reject(new Error(failure));
    waiting.delete(id);
  });
  child.once('exit', (code, signal) => {
    const error = new Error(`${path} ended with ${signal ?? code}`);
    for (const { reject } of waiting.values()) reject(error);
  });
  return {
    pid: child.pid ?? 0,
    ask: <Answer>(question: Question) =>
      new Promise<Answer>((resolve, reject) => {
        if (!child.connected) return reject(new Error(`${path} has ended`));
        lastId += 1;
        waiting.set(lastId, { resolve: (answer) => resolve(answer as Answer), reject });
        child.send({ id: lastId, question });
      }),
    [Symbol.dispose]: () => {
      if (child.connected) child.disconnect();
    },
  };
};
