import { type DescField, type DescMessage, type DescMethod, getOption, type Message } from '@bufbuild/protobuf';
import { access, Permission as WirePermission } from '@scaivault/contracts/options/v1/access';
import type { Permission } from '@scaivault/policy-engine';
import { type PathPrefix, parsePathPrefix, parseSecretPath, policyPathOf, type Scope } from '@scaivault/tenancy';
import type { Target } from './rpc-call.ts';

const permissionWords: Readonly<Record<WirePermission, Permission | undefined>> = {
  [WirePermission.UNSPECIFIED]: undefined,
  [WirePermission.READ]: 'read',
  [WirePermission.WRITE]: 'write',
  [WirePermission.DELETE]: 'delete',
  [WirePermission.LIST]: 'list',
  [WirePermission.ROTATE]: 'rotate',
  [WirePermission.ADMIN]: 'admin',
};

/** The permission that an RPC asks the caller's policies for, if any. */
export const permissionOf = (method: DescMethod): Permission | undefined =>
  permissionWords[getOption(method, access).permission];

/** Reads the field that a template such as "{path}" or "{destination.path}" names; templates name one field and nothing else. */
const fieldOf = (method: DescMethod, template: string): ((message: Message) => string | undefined) | undefined => {
  if (template === '') return undefined;
  const names = /^\{([a-z_.]+)\}$/.exec(template)?.[1]?.split('.') ?? [];
  const steps: string[] = [];
  let inside: DescMessage | undefined = method.input;
  for (const name of names) {
    const field: DescField | undefined = inside?.fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw new Error(`${method.parent.typeName}.${method.name}: "${template}" names no field.`);
    steps.push(field.localName);
    inside = field.message;
  }
  if (steps.length === 0) throw new Error(`${method.parent.typeName}.${method.name}: "${template}" names no field.`);
  return (message) => {
    let value: unknown = message;
    for (const step of steps) value = (value as Readonly<Record<string, unknown>> | undefined)?.[step];
    return value as string | undefined;
  };
};

/** Compiles an RPC's `path` template into the one place where its secret path is parsed. */
export const compileTarget = (method: DescMethod): ((message: Message, scope: Scope) => Target) | undefined => {
  const read = fieldOf(method, getOption(method, access).path);
  if (read === undefined) return undefined;
  return (message, scope) => {
    const path = parseSecretPath(read(message) ?? '');
    return { scope, path, policyPath: policyPathOf(scope, path) };
  };
};

/** Compiles an RPC's `audit_path` template, which names a path prefix; it speaks of paths as the list shows them. */
export const compilePrefix = (method: DescMethod): ((message: Message) => PathPrefix | undefined) | undefined => {
  const read = fieldOf(method, getOption(method, access).auditPath);
  if (read === undefined) return undefined;
  return (message) => {
    const text = read(message);
    return text === undefined || text === '' ? undefined : parsePathPrefix(text);
  };
};
