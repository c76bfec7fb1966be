import { describe, it } from 'vitest';

/** A server that tests need and npm cannot bring: how to start it here, or why that is not possible. */
export type Component<Server> =
  | { readonly name: string; readonly start: () => Promise<Server> }
  | { readonly name: string; readonly missing: string };

/**
 * A suite that stands on a component. On a machine without it the tests are skipped and the reason is printed; with
 * REQUIRE_COMPONENTS=1 (CI) they are replaced by one that fails with it. `define` calls `start` in a hook, not at once.
 */
export const describeWithComponent = <Server>(
  component: Component<Server>,
  define: (start: () => Promise<Server>) => void,
): void => {
  const { name } = component;
  if ('start' in component) {
    describe(`with ${name}`, () => define(component.start));
    return;
  }
  const reason = `${name} is missing: ${component.missing}`;
  if (process.env.REQUIRE_COMPONENTS === '1') {
    it(`has ${name}`, () => {
      throw new Error(reason);
    });
    return;
  }
  process.stderr.write(`Skipped: ${reason}\n`);
  describe.skip(`with ${name}`, () => define(() => Promise.reject(new Error(reason))));
};
