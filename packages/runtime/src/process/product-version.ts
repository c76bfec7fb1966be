import { readFileSync } from 'node:fs';

interface PackageFile {
  readonly version: string;
}

const ownPackage = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as PackageFile;

/** What runs: version of the package, and commit and build time where the build put them into the environment. */
export const productVersion = Object.freeze({
  version: ownPackage.version,
  commit: process.env.SCAIVAULT_COMMIT ?? 'unknown',
  builtAt: process.env.SCAIVAULT_BUILT_AT ?? null,
});
