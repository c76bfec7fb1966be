/** The processes that speak gRPC with each other; the names stand in their certificates. */
export const peers = [
  'gateway',
  'secrets',
  'pki',
  'leases',
  'policy',
  'identity-sync',
  'audit-writer',
  'events',
] as const;

export type PeerName = (typeof peers)[number];
