import type { CursorCodec } from '@scaivault/tenancy';
import type { Sources } from '../../domain/generators/sources.ts';
import type { SecretPolicyStore } from '../../ports.ts';
import type { Clock } from '../clock.ts';
import { createGenerateValue, type GenerateValue } from '../generate-value.ts';
import type { InTurn } from '../turns.ts';
import { type CreateSecretPolicy, createCreateSecretPolicy } from './create-secret-policy.ts';
import { createDeleteSecretPolicy, type DeleteSecretPolicy } from './delete-secret-policy.ts';
import { createFindSecretPolicy, type FindSecretPolicy } from './find-secret-policy.ts';
import { createGenerateInTurn } from './generate-in-turn.ts';
import { createListSecretPolicies, type ListSecretPolicies } from './list-secret-policies.ts';
import { createLoadRecipe } from './load-recipe.ts';
import {
  createPreviewFields,
  createPreviewSecretPolicy,
  type PreviewFields,
  type PreviewSecretPolicy,
} from './preview.ts';
import { createUpdateSecretPolicy, type UpdateSecretPolicy } from './update-secret-policy.ts';

/** Everything that can be done with a secret policy. */
export interface SecretPolicyUseCases {
  readonly listSecretPolicies: ListSecretPolicies;
  readonly createSecretPolicy: CreateSecretPolicy;
  readonly findSecretPolicy: FindSecretPolicy;
  readonly updateSecretPolicy: UpdateSecretPolicy;
  readonly deleteSecretPolicy: DeleteSecretPolicy;
  readonly previewSecretPolicy: PreviewSecretPolicy;
  readonly previewFields: PreviewFields;
  /** For the writes and rotations of secrets. */
  readonly generateValue: GenerateValue;
}

export interface SecretPolicyParts {
  readonly policies: SecretPolicyStore;
  readonly cursors: CursorCodec;
  readonly sources: Sources;
  /** Turns of generated values alone; keys are scopes. */
  readonly inTurn: InTurn;
  readonly clock: Clock;
}

/** Puts the use cases together. */
export const createSecretPolicyUseCases = (parts: SecretPolicyParts): SecretPolicyUseCases => {
  const find = createFindSecretPolicy(parts);
  const loadRecipe = createLoadRecipe({ find });
  const generateInTurn = createGenerateInTurn(parts);
  return {
    listSecretPolicies: createListSecretPolicies(parts),
    createSecretPolicy: createCreateSecretPolicy(parts),
    findSecretPolicy: find,
    updateSecretPolicy: createUpdateSecretPolicy(parts),
    deleteSecretPolicy: createDeleteSecretPolicy(parts),
    previewSecretPolicy: createPreviewSecretPolicy({ loadRecipe, generateInTurn }),
    previewFields: createPreviewFields({ generateInTurn }),
    generateValue: createGenerateValue({ loadRecipe, generateInTurn }),
  };
};
