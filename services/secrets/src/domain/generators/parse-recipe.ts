import { fieldError } from '@scaivault/errors';
import { readJsonObject } from '../json-object.ts';
import { createConfigReader } from './config-reader.ts';
import { type GeneratorName, generatorKinds, isGeneratorName } from './generator-kinds.ts';
import { type ClaimName, createNameClaims } from './name-claims.ts';
import type { Recipe, RecipeField } from './recipe.ts';

const mostFields = 20;

/** A field as the client sent it. */
export interface FieldInput {
  readonly name: string;
  readonly generator: string;
  /** JSON text of an object; undefined or empty stands for `{}`. */
  readonly config: Uint8Array | undefined;
}

const readKind = (generator: string, place: string): GeneratorName => {
  if (generator === '') throw fieldError(place, 'required', 'is required');
  if (!isGeneratorName(generator)) {
    throw fieldError(place, 'enum', `must be one of ${Object.keys(generatorKinds).join(', ')}`);
  }
  return generator;
};

const readConfig = (config: Uint8Array | undefined, place: string): Readonly<Record<string, unknown>> =>
  config === undefined || config.length === 0 ? {} : readJsonObject(config, place).value;

const parseField = (input: FieldInput, place: string, claimName: ClaimName): RecipeField => {
  if (input.name === '') throw fieldError(`${place}.name`, 'required', 'is required');
  const name = claimName(input.name, `${place}.name`);
  const kind = readKind(input.generator, `${place}.generator`);
  const { members, read } = generatorKinds[kind];
  const config = readConfig(input.config, `${place}.config`);
  // First of all: what else is wrong may follow from a misspelt member.
  const unknown = Object.keys(config).find((member) => !members.includes(member));
  if (unknown !== undefined) throw fieldError(`${place}.config.${unknown}`, 'unknown', 'is not known');
  const generator = read(createConfigReader(config, `${place}.config`, claimName), name);
  return { name, kind, configText: JSON.stringify(config), generator };
};

/**
 * The recipe of a policy's `fields` (rest-api-core 5, 15): 422 `validation_error` for a wrong shape, 400
 * `invalid_config` with `details` {`field`, `reason`} for a config of the right shape that is not sound.
 */
export const parseRecipe = (fields: readonly FieldInput[]): Recipe => {
  if (fields.length < 1 || fields.length > mostFields) {
    throw fieldError('fields', 'length', `must have 1 to ${mostFields} entries`);
  }
  const claimName = createNameClaims();
  return fields.map((field, index) => parseField(field, `fields[${index}]`, claimName));
};
