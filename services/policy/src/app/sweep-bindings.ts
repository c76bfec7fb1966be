import type { BindingStore, Clock } from '../ports.ts';

const batch = 1000;
/** Bindings are ignored the moment they expire; the hour keeps a fast clock from removing what others still honour. */
const graceMicros = 3_600_000_000;

/** Removes what has expired, batch by batch (rest-api-core 6.4). */
export const createSweepBindings =
  ({ bindings, nowMicros }: { readonly bindings: Pick<BindingStore, 'sweep'>; readonly nowMicros: Clock }) =>
  async (): Promise<void> => {
    const expiredBefore = nowMicros() - graceMicros;
    while ((await bindings.sweep(expiredBefore, batch)) === batch);
  };
