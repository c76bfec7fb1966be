import { describe } from 'vitest';
import type { Wire } from './start-module.ts';

/** Runs an RPC suite once per wire, so that no wire can differ from the others unnoticed. */
export const describeOnEveryWire = (name: string, suite: (wire: Wire) => void): void => {
  const wires: readonly Wire[] = ['direct', 'unary', 'coalesced'];
  for (const wire of wires) describe(`${name} (${wire} wire)`, () => suite(wire));
};
