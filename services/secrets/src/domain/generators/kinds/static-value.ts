import type { GeneratorKind } from '../generator.ts';

/** The same text each time; it stands readable in the policy, so it is for what is no secret. */
export const staticValue: GeneratorKind = {
  members: ['value'],
  read(config, name) {
    const value = config.text('value', { most: 4096 });
    return { entropyBits: 0, generate: async () => [[name, value]] };
  },
};
