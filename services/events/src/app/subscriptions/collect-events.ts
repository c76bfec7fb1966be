import type { ScopeId } from '@scaivault/tenancy';
import { maySee, type Reader } from '../../domain/subscriptions/may-see.ts';
import type { BufferedEvent, BufferStore } from '../../ports/subscriptions.ts';

/** Part of a buffer as its reader may see it. */
export interface Collected {
  readonly events: readonly BufferedEvent[];
  readonly hasMore: boolean;
  /** Everything up to this place has been looked at. */
  readonly place: number;
  readonly dropped: number;
  readonly droppedTold: number;
}

/** Rows of one read; between two reads other work gets its turn. */
const largestSlice = 250;
/** Bounds an answer, whatever its events are like: a wire takes 20 MiB. */
const mostCharacters = 4_194_304;

/**
 * Collects the events that a reader may see, from behind a place on. What it may not see is passed over and stays: it may be
 * allowed to see it later. Costs at most one look at the whole buffer, which is bounded.
 */
export const createCollectEvents =
  ({ buffers }: { readonly buffers: Pick<BufferStore, 'read'> }) =>
  async (
    reader: Reader,
    scopeId: ScopeId,
    {
      id,
      after,
      since,
      most,
    }: { readonly id: string; readonly after: number; readonly since: string; readonly most: number },
  ): Promise<Collected | undefined> => {
    const events: BufferedEvent[] = [];
    let characters = 0;
    let place = after;
    let wanted = Math.min(most + 1, largestSlice);
    for (;;) {
      const slice = await buffers.read(scopeId, { id, after: place, since, most: wanted });
      if (slice === undefined) return undefined;
      const { dropped, droppedTold } = slice;
      for (const event of slice.events) {
        if (maySee(reader, event)) {
          characters += event.body.length;
          if (events.length === most || (events.length > 0 && characters > mostCharacters))
            return { events, hasMore: true, place, dropped, droppedTold };
          events.push(event);
        }
        place = event.place;
      }
      // The newest of the same moment: what waits there no more is not worth a look either.
      if (slice.events.length < wanted)
        return { events, hasMore: false, place: Math.max(place, slice.newest), dropped, droppedTold };
      wanted = largestSlice;
    }
  };

export type CollectEvents = ReturnType<typeof createCollectEvents>;
