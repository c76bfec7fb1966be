/** Whether a promise has been settled when everything due by now has happened. */
export const watch = (promise: Promise<unknown>): { readonly settled: boolean } => {
  const state = { settled: false };
  void promise.then(() => {
    state.settled = true;
  });
  return state;
};
