import { describe, expect, it } from 'vitest';
import { parseModule } from './parse-module.ts';

const specifiers = (text: string) => parseModule('a.ts', text).imports.map(({ specifier }) => specifier);
const environmentReads = (text: string) => parseModule('a.ts', text).environmentReads;

describe('the imports of a module', () => {
  it.each([
    "import x from 'x';",
    "import 'x';",
    "import type { X } from 'x';",
    "export * from 'x';",
    "export type { X } from 'x';",
    "const x = await import('x');",
    'const x = await import(`x`);',
    "type X = import('x').Y;",
    "import x = require('x');",
    "const x = require('x');",
  ])('are found in %s', (text) => {
    expect(specifiers(text)).toEqual(['x']);
  });

  it('are undefined when computed', () => {
    expect(specifiers('await import(name); require("./" + name);')).toEqual([undefined, undefined]);
  });

  it('are not seen in text and comments', () => {
    expect(specifiers("// import x from 'x';\nconst a = \"import('x')\";")).toEqual([]);
  });

  it('know their line', () => {
    expect(parseModule('a.ts', "// é𝄞\n\nimport x from 'x';").imports[0]?.line).toBe(3);
  });
});

describe('the environment', () => {
  it.each([
    'process.env.PORT',
    "process['env']",
    'globalThis.process.env',
    'const { env } = process;',
    'const { argv, env: e } = process;',
    "import { env } from 'node:process';",
    "import p from 'process'; p.env.PORT",
    "import * as p from 'node:process'; p.env",
  ])('is seen in %s', (text) => {
    expect(environmentReads(text)).toEqual([1]);
  });

  it.each(['process.argv', 'const { argv } = process;', "'process.env'", 'this.env', 'const { env } = other;'])(
    'is not seen in %s',
    (text) => {
      expect(environmentReads(text)).toEqual([]);
    },
  );
});

describe('a module that does not parse', () => {
  it('has faults with their line', () => {
    expect(parseModule('a.ts', 'const a = 1;\nconst = 2;').faults).toMatchObject([{ line: 2 }]);
  });
});

describe('the line count', () => {
  it.each([
    ['a', 1],
    ['a\n', 1],
    ['a\nb\n', 2],
  ])('of %j is %i', (text, count) => {
    expect(parseModule('a.ts', text).lineCount).toBe(count);
  });
});
