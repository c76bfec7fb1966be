/** Makes this process one that `startScript` starts: answers what is asked, and ends with whoever asks. */
export const answerQuestions = <Question>(answer: (question: Question) => unknown): void => {
  process.on('message', ({ id, question }: { id: number; question: Question }) => {
    Promise.try(answer, question).then(
      (given) => process.send?.({ id, answer: given }),
      (error: unknown) => process.send?.({ id, failure: error instanceof Error ? error.stack : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
};
