import { serveService } from '@scaivault/pipeline';
import { createSecretsModule } from './module.ts';

await serveService({ name: 'secrets', createModule: createSecretsModule, listens: true, judgesBy: 'policies' });
