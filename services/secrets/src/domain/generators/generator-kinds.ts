import type { GeneratorKind } from './generator.ts';
import { bcryptHash } from './kinds/bcrypt-hash.ts';
import { ecKeypair } from './kinds/ec-keypair.ts';
import { hex } from './kinds/hex.ts';
import { random } from './kinds/random.ts';
import { rsaKeypair } from './kinds/rsa-keypair.ts';
import { sshKeypair } from './kinds/ssh-keypair.ts';
import { staticValue } from './kinds/static-value.ts';
import { template } from './kinds/template.ts';
import { uuid } from './kinds/uuid.ts';

/** The generators by the names they have in a policy (rest-api-core 5). */
export const generatorKinds = {
  random,
  hex,
  uuid,
  template,
  rsa_keypair: rsaKeypair,
  ec_keypair: ecKeypair,
  ssh_keypair: sshKeypair,
  bcrypt_hash: bcryptHash,
  static: staticValue,
} as const satisfies Record<string, GeneratorKind>;

export type GeneratorName = keyof typeof generatorKinds;

export const isGeneratorName = (text: string): text is GeneratorName => Object.hasOwn(generatorKinds, text);
