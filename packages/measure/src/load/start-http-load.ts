import { join } from 'node:path';
import { type Script, startScript } from '../script.ts';
import type { HttpOrder } from './http-load.ts';

/** The generator of HTTP loads, in a process of its own; answers with an `HttpResult`. */
export const startHttpLoad = (): Script<HttpOrder> => startScript(join(import.meta.dirname, 'http-load.ts'));
