export type { DirectoryData, Group, Kind, Partner, Tenant, User } from './directory.ts';
export type { ChangeOptions, DirectoryControl } from './directory-control.ts';
export type { EmulatorLog } from './emulator-log.ts';
export { seedDirectory } from './seed.ts';
export { generateKeys, type StoredKey } from './signing-keys.ts';
export { type EmulatorOptions, type ScaiKeyEmulator, startScaiKeyEmulator } from './start-scaikey-emulator.ts';
export type { PersonalTokenAnswer, TokenAnswer } from './token-issuer.ts';
export type { TokenRequest } from './token-request.ts';
export type { WebhookEvent } from './webhook-event.ts';
