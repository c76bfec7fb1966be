import { serveService } from '@scaivault/pipeline';
import type { PeerName } from '@scaivault/runtime';
import { createGatewayModule } from './module.ts';

const peersWithDatabase: readonly PeerName[] = ['secrets', 'policy', 'identity-sync', 'audit-writer', 'events'];

await serveService({
  name: 'gateway',
  entry: import.meta.filename,
  listens: false,
  judgesBy: 'nothing',
  createModule: (dependencies, kit, peerCheck) =>
    createGatewayModule(dependencies, kit, {
      ...kit.checks,
      database: async () => {
        await Promise.all(peersWithDatabase.map((peer) => peerCheck(peer, 'database')));
      },
      policies: () => peerCheck('secrets', 'policies'),
      encryption: () => peerCheck('secrets', 'encryption'),
    }),
});
