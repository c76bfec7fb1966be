import type { PolicyService } from '@scaivault/contracts/policy/v1/policy';
import type { InputChecks } from '@scaivault/runtime';
import { readRules } from '../domain/read-rules.ts';

/** Rules are raw JSON to the contract, so whether they are sound is for this service to say, before it does anything. */
export const policyInputChecks: InputChecks<typeof PolicyService> = {
  createPolicy: ({ rules }) => {
    readRules(rules);
  },
  replacePolicy: ({ rules }) => {
    readRules(rules);
  },
  updatePolicy: ({ rules }) => {
    if (rules !== undefined) readRules(rules);
  },
};
