import { isIP } from 'node:net';
import { type DescField, type DescMessage, getOption, hasOption, type Message, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { Format, json, type Rules, rules } from '@scaivault/contracts/options/v1/access';
import {
  type ErrorCode,
  type FieldRule,
  type FieldViolation,
  isErrorCode,
  VaultError,
  validationError,
} from '@scaivault/errors';
import {
  type IdPrefix,
  idPrefixes,
  isId,
  parseDuration,
  parsePathPrefix,
  parsePolicyPath,
  parseSecretPath,
  parseTimestamp,
} from '@scaivault/tenancy';

type Values = Readonly<Record<string, unknown>>;
type Report = (rule: FieldRule, message: string) => void;
type Check = (value: unknown, field: string, report: Report) => void;

const lengthOf = (value: string): number => [...value].length;

const formatCheck = (option: Rules): Check | undefined => {
  switch (option.format) {
    case Format.SECRET_PATH:
      return (value) => void parseSecretPath(String(value));
    case Format.POLICY_PATH:
      return (value) => void parsePolicyPath(String(value));
    case Format.PATH_PREFIX:
      return (value) => void parsePathPrefix(String(value));
    case Format.DURATION:
      return (value, field) => void parseDuration(value, { field, allowZero: option.allowZero });
    case Format.TIMESTAMP:
      return (value, _field, report) => {
        if (parseTimestamp(String(value)) === undefined) report('format', 'must be an RFC 3339 timestamp');
      };
    case Format.IP:
      return (value, _field, report) => {
        if (isIP(String(value)) === 0) report('format', 'must be an IP address');
      };
    case Format.FOREIGN_ID:
      return (value, _field, report) => {
        if (!/^[\x21-\x7e]{1,128}$/.test(String(value))) report('format', 'must be an identifier');
      };
    default:
      return undefined;
  }
};

const oneOfCheck = (option: Rules): Check => {
  const allowed = new Set(option.oneOf);
  const code: ErrorCode | undefined = isErrorCode(option.oneOfCode) ? option.oneOfCode : undefined;
  return (value, _field, report) => {
    if (allowed.has(String(value))) return;
    if (code === undefined) report('enum', `must be one of ${option.oneOf.join(', ')}`);
    else
      throw new VaultError(code, `Must be one of ${option.oneOf.join(', ')}.`, { details: { allowed: option.oneOf } });
  };
};

const isIdPrefix = (text: string): text is IdPrefix => Object.hasOwn(idPrefixes, text);

/** Checks of a single value: a plain field, or one item of a repeated one. */
const valueChecks = (option: Rules): readonly Check[] => {
  const checks: Check[] = [];
  const { minLength, maxLength, min, max, idPrefix } = option;
  if (minLength > 0) {
    checks.push((value, _field, report) => {
      if (lengthOf(String(value)) < minLength) report('length', `must have at least ${minLength} characters`);
    });
  }
  if (maxLength > 0) {
    checks.push((value, _field, report) => {
      if (lengthOf(String(value)) > maxLength) report('length', `must have at most ${maxLength} characters`);
    });
  }
  if (min !== undefined || max !== undefined) {
    const least = min === undefined ? Number.NEGATIVE_INFINITY : Number(min);
    const most = max === undefined ? Number.POSITIVE_INFINITY : Number(max);
    const span = max === undefined ? `at least ${least}` : `from ${least} to ${most}`;
    checks.push((value, _field, report) => {
      // The other way round NaN would pass.
      if (!(Number(value) >= least && Number(value) <= most)) report('range', `must be ${span}`);
    });
  }
  if (option.oneOf.length > 0) checks.push(oneOfCheck(option));
  if (idPrefix !== '') {
    if (!isIdPrefix(idPrefix)) throw new Error(`No identifier of ours begins with ${idPrefix}.`);
    // An identifier of another form cannot exist; what is missing is for the handler to say.
    checks.push((value, _field, report) => {
      if (String(value).length > 64 && !isId(idPrefix, String(value))) report('format', 'must be an identifier');
    });
  }
  const format = formatCheck(option);
  if (format !== undefined) checks.push(format);
  return checks;
};

/** PostgreSQL's text holds every character but this one. */
const refuseNul: Check = (value, _field, report) => {
  if (String(value).includes('\0')) report('format', 'must not hold the NUL character');
};

type FieldValidator = (values: Values, path: string, violations: FieldViolation[]) => void;

const itemSpan = ({ minItems, maxItems }: Rules): string =>
  maxItems === 0 ? `at least ${minItems}` : `${minItems} to ${maxItems}`;

const isUnset = (value: unknown): boolean =>
  value === undefined ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (value instanceof Uint8Array && value.length === 0);

const compileField = (desc: DescField): FieldValidator | undefined => {
  const option = getOption(desc, rules);
  const constrained = hasOption(desc, rules);
  const nested =
    desc.message === undefined || desc.message.typeName.startsWith('google.')
      ? undefined
      : compileMessage(desc.message);
  const isText = desc.scalar === ScalarType.STRING;
  if (!constrained && nested === undefined && !isText) return undefined;
  // Their values lie elsewhere in the message, where these checks would never see one.
  if (desc.oneof !== undefined || desc.fieldKind === 'map')
    throw new Error(`${desc.parent.typeName}.${desc.name} cannot be checked: it is part of a oneof, or a map.`);
  const checks = [...(isText ? [refuseNul] : []), ...(constrained ? valueChecks(option) : [])];
  const header = getOption(desc, json).header;
  const checkOne = (value: unknown, field: string, violations: FieldViolation[]): void => {
    const report: Report = (rule, message) => violations.push({ field, rule, message });
    for (const check of checks) check(value, field, report);
    nested?.(value as Values, `${field}.`, violations);
  };
  return (values, path, violations) => {
    const field = header === '' ? path + desc.name : header;
    const value = values[desc.localName];
    if (option.required && isUnset(value)) {
      // An empty path is a path that breaks its grammar (400), not a missing field.
      if (option.format === Format.SECRET_PATH && value === '') parseSecretPath('');
      violations.push({ field, rule: 'required', message: 'is required' });
      return;
    }
    if (value === undefined) return;
    if (desc.fieldKind === 'list') {
      const items = value as readonly unknown[];
      if (items.length < option.minItems || (option.maxItems > 0 && items.length > option.maxItems)) {
        violations.push({ field, rule: 'length', message: `must have ${itemSpan(option)} items` });
        return;
      }
      for (const [index, item] of items.entries()) checkOne(item, `${field}[${index}]`, violations);
      return;
    }
    // A plain (not optional) field at its default was not sent.
    if (desc.presence === FeatureSet_FieldPresence.IMPLICIT && isUnset(value)) return;
    checkOne(value, field, violations);
  };
};

const compileMessage = (desc: DescMessage): FieldValidator => {
  const fields = desc.fields.map(compileField).filter((validator) => validator !== undefined);
  return (values, path, violations) => {
    for (const validate of fields) validate(values, path, violations);
  };
};

/**
 * The `rules` options of a request message as one closure, compiled at start. It throws the refusal of the first format
 * with a code of its own (`invalid_path`, `invalid_duration`, …), else one 422 `validation_error` with all violations.
 */
export const compileRules = (desc: DescMessage): ((message: Message) => void) => {
  const validate = compileMessage(desc);
  return (message) => {
    const violations: FieldViolation[] = [];
    validate(message as unknown as Values, '', violations);
    if (violations.length > 0) throw validationError(violations);
  };
};
