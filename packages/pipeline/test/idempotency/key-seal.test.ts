import { createTestKeySeal } from '@scaivault/testkit';
import { describeKeySeal } from './key-seal-contract.ts';

describeKeySeal('the fake of testkit', async () => ({
  seal: createTestKeySeal(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}));
