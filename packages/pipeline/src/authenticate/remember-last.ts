/**
 * Remembers the answer to the last text asked about. Gateway and service of one process ask for the same token one
 * right behind the other; no more than one text is kept, since these are tokens.
 */
export const rememberLast = <Answer>(compute: (text: string) => Answer): ((text: string) => Answer) => {
  let last: { readonly text: string; readonly answer: Answer } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, answer: compute(text) };
    return last.answer;
  };
};
