import { secretBody, seededPath } from '../secret.ts';
import type { Ask, LoadScenario } from './load-scenario.ts';

/** A new version of one of the secrets there are. */
export const writeOf = (secrets: number): Ask => ({
  method: 'PUT',
  path: `/v1/secrets/${seededPath}`,
  body: secretBody,
  among: secrets,
  weight: 1,
  status: 200,
  leaves: { action: 'write', success: true, rows: 1 },
  statement: 'write',
});

export const write: LoadScenario = {
  about: 'new versions of secrets drawn from all of them',
  parts: (secrets) => [{ name: 'uniform', who: 'admin', asks: [writeOf(secrets)] }],
};
