import { compileGlob } from '@scaivault/tenancy';
import { readConditions } from './conditions/read-conditions.ts';
import { permissions } from './permission.ts';
import { inside, type Place, readList, readObject, readText, readWord, refuseUnknownFields } from './place.ts';
import type { Conditions, RuleDocument } from './rule-document.ts';

const maxRules = 100;
const fields = ['path_pattern', 'permissions', 'effect', 'conditions'];

const parseConditions = (value: unknown, place: Place): Conditions | null => {
  if (value === undefined || value === null) return null;
  readConditions(value, place);
  return value;
};

const parseRule = (value: unknown, place: Place): RuleDocument => {
  const rule = readObject(value, place);
  refuseUnknownFields(rule, fields, place);
  const permissionsPlace = inside(place, 'permissions');
  return {
    path_pattern: compileGlob(readText(rule.path_pattern, inside(place, 'path_pattern'))).pattern,
    permissions: readList(rule.permissions, permissions.length, permissionsPlace).map((entry, index) =>
      readWord(entry, permissions, inside(permissionsPlace, index)),
    ),
    effect: rule.effect === undefined ? 'allow' : readWord(rule.effect, ['allow', 'deny'], inside(place, 'effect')),
    conditions: parseConditions(rule.conditions, inside(place, 'conditions')),
  };
};

/**
 * The `rules` of a policy from parsed JSON (rest-api-core 6.1 to 6.3), with defaults filled in (`effect` allow,
 * `conditions` null) and conditions as they were sent. 422 `validation_error` for a wrong shape; 400 `invalid_glob`,
 * `invalid_duration`, or `invalid_policy` with `details` {`rule_index`, `field`} for a rule that is not sound.
 */
export const parseRules = (input: unknown): RuleDocument[] =>
  readList(input, maxRules, { field: 'rules' }).map((rule, ruleIndex) =>
    parseRule(rule, { ruleIndex, field: `rules[${ruleIndex}]` }),
  );
