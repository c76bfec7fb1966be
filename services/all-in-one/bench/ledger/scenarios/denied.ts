import { hotPath } from '../secret.ts';
import type { LoadScenario } from './load-scenario.ts';
import { readOf } from './read.ts';

export const denied: LoadScenario = {
  about: 'reads by somebody whom no policy lets in',
  parts: () => [
    {
      name: 'no policy',
      who: 'stranger',
      asks: [{ ...readOf(hotPath), status: 403, leaves: { action: 'read', success: false, rows: 1 } }],
    },
  ],
};
