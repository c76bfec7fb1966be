/** What both ends of a channel between two Node processes can do: `process` in the child, its handle in the parent. */
export interface ChannelEnd {
  send?(message: object, sent: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
}

/** Answers to questions of the other process, by the name of the question; bodies are what JSON can hold. */
export type Answers = Readonly<Record<string, (body: never) => unknown>>;

export interface Channel {
  /** Rejects when the other process is gone, fails, has no such answer, or says nothing for `withinMs` (two seconds). */
  ask(question: string, body?: unknown, withinMs?: number): Promise<unknown>;
}

const answerTimeoutMs = 2_000;

interface Asked {
  readonly ask: string;
  readonly id: number;
  readonly body?: unknown;
}

interface Answered {
  readonly answerTo: number;
  readonly body?: unknown;
  readonly failure?: string;
}

const isAsked = (message: unknown): message is Asked =>
  typeof message === 'object' && message !== null && 'ask' in message;
const isAnswered = (message: unknown): message is Answered =>
  typeof message === 'object' && message !== null && 'answerTo' in message;

/** Questions and answers over the channel that Node opens between a process and its child. */
export const openChannel = (end: ChannelEnd, answers: Answers): Channel => {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  let isOpen = true;

  const reply = async ({ ask, id, body }: Asked): Promise<void> => {
    let answer: Answered;
    try {
      const give = answers[ask];
      if (give === undefined) throw new Error(`Nobody answers "${ask}" here.`);
      answer = { answerTo: id, body: await give(body as never) };
    } catch (error) {
      answer = { answerTo: id, failure: error instanceof Error ? error.message : String(error) };
    }
    // Whoever has died meanwhile needs no answer; without a listener the failure would be an uncaught error here.
    if (isOpen) end.send?.(answer, () => {});
  };
  const takeIn = ({ answerTo, body, failure }: Answered): void => {
    if (failure === undefined) waiting.get(answerTo)?.resolve(body);
    else waiting.get(answerTo)?.reject(new Error(failure));
  };

  end.on('message', (message) => {
    if (isAsked(message)) void reply(message);
    else if (isAnswered(message)) takeIn(message);
  });
  end.once('disconnect', () => {
    isOpen = false;
    for (const { reject } of waiting.values()) reject(new Error('The other process is gone.'));
  });

  return {
    ask: async (question, body, withinMs = answerTimeoutMs) => {
      if (!isOpen) throw new Error('The other process is gone.');
      asked += 1;
      const id = asked;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(id, answer);
      const late = setTimeout(() => answer.reject(new Error(`"${question}" was not answered in time.`)), withinMs);
      late.unref();
      try {
        end.send?.({ ask: question, id, body }, (error) => {
          if (error !== null) answer.reject(error);
        });
        return await answer.promise;
      } finally {
        clearTimeout(late);
        waiting.delete(id);
      }
    },
  };
};
