import { serveService } from '@scaivault/pipeline';
import { createGatewayModule } from './module.ts';

await serveService({ name: 'gateway', createModule: createGatewayModule, listens: false });
