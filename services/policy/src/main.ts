import { serveService } from '@scaivault/pipeline';
import { createPolicyModule } from './module.ts';

await serveService({ name: 'policy', createModule: createPolicyModule, listens: true, judgesBy: 'limits' });
