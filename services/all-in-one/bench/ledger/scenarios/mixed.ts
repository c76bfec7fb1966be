import { seededPath } from '../secret.ts';
import type { LoadScenario } from './load-scenario.ts';
import { readOf } from './read.ts';
import { writeOf } from './write.ts';

export const mixed: LoadScenario = {
  about: 'nine reads and one write in ten, drawn from all secrets',
  parts: (secrets) => [
    {
      name: '9 reads, 1 write',
      who: 'admin',
      asks: [
        { ...readOf(seededPath, secrets), weight: 9 },
        { ...writeOf(secrets), weight: 1 },
      ],
    },
  ],
};
