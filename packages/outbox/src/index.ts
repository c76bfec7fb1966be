export { type EventType, eventTypes } from './event-types.ts';
