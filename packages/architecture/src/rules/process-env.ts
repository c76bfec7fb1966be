import { perModule, type Rule } from '../rule.ts';

const mayRead = [
  /^packages\/(runtime|testkit)\//,
  /^packages\/scaikey-emulator\/src\/(main|refuse-production)\.ts$/,
  /\.test\.ts$/,
  /\.config\.ts$/,
];

/** The environment is read in packages/runtime only, once and typed. */
export const processEnv: Rule = {
  id: 'process-env',
  reason: 'a setting read on the side is neither documented, checked, frozen nor redacted',
  find: perModule(function* ({ path, environmentReads }) {
    if (mayRead.some((pattern) => pattern.test(path))) return;
    for (const line of environmentReads) {
      yield {
        path,
        line,
        what: 'reads process.env',
        fix: 'declare the key in config.ts and take its value as a parameter',
      };
    }
  }),
};
