import { serveService } from '@scaivault/pipeline';
import { createEventsModule } from './module.ts';

await serveService({ name: 'events', createModule: createEventsModule, listens: true, judgesBy: 'policies' });
