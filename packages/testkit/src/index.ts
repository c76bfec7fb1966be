export { describeOnEveryWire } from './describe-on-every-wire.ts';
export { createTestDatabase, type TestDatabase } from './postgres.ts';
export { type StartedModule, type StartModuleOptions, startModule, type Wire } from './start-module.ts';
