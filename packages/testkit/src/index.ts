export { describeOnEveryWire } from './describe-on-every-wire.ts';
export { createFakeSecrets, type FakeSecrets } from './fake-secrets.ts';
export { createForeignIssuer, type ForeignIssuer } from './foreign-issuer.ts';
export { type InlineField, type InlineMethod, inlineService } from './inline-service.ts';
export { createMemoryAudit } from './memory-audit.ts';
export { createTestDatabase, type TestDatabase } from './postgres.ts';
export { type StartedModule, type StartModuleOptions, startModule, type Wire } from './start-module.ts';
export { createTestKeySeal, type TestKeySeal } from './test-key-seal.ts';
export { createTestWorld, type TestWorld } from './test-world.ts';
