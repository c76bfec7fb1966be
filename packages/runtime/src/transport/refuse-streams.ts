import type { Transport } from '@connectrpc/connect';

/** Our contracts hold unary RPCs only (the dispatcher refuses others), so no wire carries streams. */
export const refuseStreams: Transport['stream'] = (method) =>
  Promise.reject(new Error(`${method.parent.typeName}/${method.name} is a stream; our wires carry unary calls only.`));
