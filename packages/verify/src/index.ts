export type { Finding, Reason } from './finding.ts';
export { type VerifyOptions, type VerifyReport, verifyFiles } from './verify-files.ts';
