import { seededPath } from '../secret.ts';
import type { LoadScenario } from './load-scenario.ts';
import { readOf } from './read.ts';

const size = 100;
const single = 'single reads';

export const batch: LoadScenario = {
  about: `${size} secrets in one request, beside as many requests for one`,
  parts: (secrets) => [
    { name: single, who: 'admin', asks: [readOf(seededPath, secrets)] },
    {
      name: `batches of ${size}`,
      who: 'admin',
      each: { secrets: size, beside: single },
      asks: [
        {
          method: 'POST',
          path: '/v1/secrets/batch',
          body: JSON.stringify({ paths: Array.from({ length: size }, () => seededPath) }),
          among: secrets,
          weight: 1,
          status: 200,
          // Each path is audited by itself, the call that asked for them is not.
          leaves: { action: 'read', success: true, rows: size },
          statement: 'batch',
        },
      ],
    },
  ],
};
