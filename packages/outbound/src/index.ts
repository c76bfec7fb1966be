export { createOutbound, type Outbound, type OutboundOptions } from './create-outbound.ts';
export type { OutboundAnswer, OutboundRequest } from './exchange.ts';
export { OutboundError, type OutboundFailure } from './outbound-error.ts';
export type { ResolveHost } from './resolve-host.ts';
