import { hotPath, seededPath } from '../secret.ts';
import type { Ask, LoadScenario } from './load-scenario.ts';

/** A read of a current version. */
export const readOf = (path: string, among = 1): Ask => ({
  method: 'GET',
  path: `/v1/secrets/${path}`,
  among,
  weight: 1,
  status: 200,
  leaves: { action: 'read', success: true, rows: 1 },
  statement: 'read',
});

export const read: LoadScenario = {
  about: 'one hot secret, and secrets drawn from all of them',
  parts: (secrets) => [
    { name: 'hot', who: 'admin', asks: [readOf(hotPath)] },
    { name: 'uniform', who: 'admin', asks: [readOf(seededPath, secrets)] },
  ],
};
