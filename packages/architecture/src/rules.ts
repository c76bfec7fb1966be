import type { Rule } from './rule.ts';
import { computedImport } from './rules/computed-import.ts';
import { decisionNumber } from './rules/decision-number.ts';
import { decisionShape } from './rules/decision-shape.ts';
import { declaredDependency } from './rules/declared-dependency.ts';
import { fileSize } from './rules/file-size.ts';
import { kebabCase } from './rules/kebab-case.ts';
import { layer } from './rules/layer.ts';
import { mainSize } from './rules/main-size.ts';
import { noBarrel } from './rules/no-barrel.ts';
import { packageCycle } from './rules/package-cycle.ts';
import { packageImportsService } from './rules/package-imports-service.ts';
import { packageInside } from './rules/package-inside.ts';
import { processEnv } from './rules/process-env.ts';
import { readable } from './rules/readable.ts';
import { serviceImportsService } from './rules/service-imports-service.ts';
import { sqlInStore } from './rules/sql-in-store.ts';
import { testOnlyPackage } from './rules/test-only-package.ts';
import { vagueName } from './rules/vague-name.ts';
import { wholeContract } from './rules/whole-contract.ts';

/** Every rule of the house that a machine can hold; a new one needs its violation in fixtures/violations. */
export const rules: readonly Rule[] = [
  readable,
  computedImport,
  layer,
  serviceImportsService,
  packageImportsService,
  packageInside,
  declaredDependency,
  packageCycle,
  testOnlyPackage,
  wholeContract,
  sqlInStore,
  processEnv,
  noBarrel,
  vagueName,
  kebabCase,
  mainSize,
  fileSize,
  decisionNumber,
  decisionShape,
];
