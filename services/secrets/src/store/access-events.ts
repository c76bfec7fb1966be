import type { Database } from '@scaivault/db';
import { addEvents, type NewEvent } from '@scaivault/outbox';
import type { ScopeId } from '@scaivault/tenancy';
import type { AccessEvents } from '../ports.ts';
import { placeEvent } from './tell-events.ts';

interface Gathering {
  readonly events: NewEvent[];
  readonly written: Promise<void>;
}

/** Writes down accesses: those of one turn and scope, a batch for one, are one statement and one commit. */
export const createAccessEvents = (db: Pick<Database, 'withScope'>): AccessEvents => {
  const gatherings = new Map<ScopeId, Gathering>();

  const gather = (owner: ScopeId): Gathering => {
    const events: NewEvent[] = [];
    const write = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      gatherings.delete(owner);
      await db.withScope(owner, async (tx) => addEvents(tx, events));
    };
    return { events, written: write() };
  };

  return {
    add(owner, path, event) {
      const gathering = gatherings.get(owner) ?? gather(owner);
      gatherings.set(owner, gathering);
      gathering.events.push(placeEvent(owner, path, event));
      return gathering.written;
    },
  };
};
