import { type Node, parseSync, Visitor } from 'oxc-parser';
import type { Fault } from './tree.ts';

export interface ParsedModule {
  readonly lineCount: number;
  /** `specifier` is undefined when the target is computed at run time. */
  readonly imports: readonly { readonly specifier: string | undefined; readonly line: number }[];
  readonly environmentReads: readonly number[];
  readonly faults: readonly Fault[];
}

const literalText = (node: Node): string | undefined => {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
};

const isNamed = (node: Node, name: string): boolean =>
  (node.type === 'Identifier' && node.name === name) || literalText(node) === name;

const processModules = new Set(['process', 'node:process']);

/**
 * Reads one TypeScript or JavaScript file: what it imports in any spelling (import, export from, import(), import type,
 * require) and on which lines it reads the environment. Line numbers start at 1.
 */
export const parseModule = (path: string, text: string): ParsedModule => {
  const { program, errors } = parseSync(path, text);
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const imports: { specifier: string | undefined; line: number }[] = [];
  const environmentReads: number[] = [];
  const processNames = new Set(['process']);

  const importFrom = (source: Node): void => {
    imports.push({ specifier: literalText(source), line: lineAt(source.start) });
  };
  const isProcess = (node: Node | null): boolean => {
    if (node?.type === 'Identifier') return processNames.has(node.name);
    return node?.type === 'MemberExpression' && isNamed(node.object, 'globalThis') && isNamed(node.property, 'process');
  };

  new Visitor({
    ImportDeclaration(node) {
      importFrom(node.source);
      if (!processModules.has(node.source.value)) return;
      for (const specifier of node.specifiers) {
        if (specifier.type !== 'ImportSpecifier') processNames.add(specifier.local.name);
        else if (isNamed(specifier.imported, 'env')) environmentReads.push(lineAt(specifier.start));
      }
    },
    ExportAllDeclaration(node) {
      importFrom(node.source);
    },
    ExportNamedDeclaration(node) {
      if (node.source !== null) importFrom(node.source);
    },
    ImportExpression(node) {
      importFrom(node.source);
    },
    TSImportType(node) {
      importFrom(node.source);
    },
    TSExternalModuleReference(node) {
      importFrom(node.expression);
    },
    CallExpression(node) {
      const [argument] = node.arguments;
      if (argument !== undefined && node.callee.type === 'Identifier' && node.callee.name === 'require') {
        importFrom(argument);
      }
    },
    MemberExpression(node) {
      if (isProcess(node.object) && isNamed(node.property, 'env')) environmentReads.push(lineAt(node.start));
    },
    VariableDeclarator(node) {
      if (node.id.type !== 'ObjectPattern' || !isProcess(node.init)) return;
      const takesEnvironment = node.id.properties.some((each) => each.type === 'Property' && isNamed(each.key, 'env'));
      if (takesEnvironment) environmentReads.push(lineAt(node.start));
    },
  }).visit(program);

  return {
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports,
    environmentReads,
    faults: errors.map((error) => ({ line: lineAt(error.labels[0]?.start ?? 0), message: error.message })),
  };
};
