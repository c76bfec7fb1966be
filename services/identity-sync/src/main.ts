import { serveService } from '@scaivault/pipeline';
import { createIdentitySyncModule } from './module.ts';

await serveService({
  name: 'identity-sync',
  createModule: createIdentitySyncModule,
  listens: true,
  judgesBy: 'limits',
});
