export { type AccessInterest, createAccessInterest } from './access-interest.ts';
export { addEvents } from './add-events.ts';
export type { EventContent } from './event-data.ts';
export { type EventType, eventTypes } from './event-types.ts';
export { backlogEveryMs, createMeasureBacklog } from './measure-backlog.ts';
export type { EventOrigin, FilterFacts, NewEvent } from './new-event.ts';
export { createOutboxTable } from './outbox-table.ts';
export { createShipEvents } from './ship-events.ts';
export { type Relay, startRelay } from './start-relay.ts';
