import { serveService } from '@scaivault/pipeline';
import { createAuditWriterModule } from './module.ts';

await serveService({
  name: 'audit-writer',
  createModule: createAuditWriterModule,
  listens: true,
  judgesBy: 'policies',
});
