import { isUniqueViolation, type Statement, type Tx } from '@scaivault/db';
import type { ScopeId } from '@scaivault/tenancy';
import type { PolicyField } from '../domain/secret-policies/policy-fields.ts';
import { nameTaken } from '../domain/secret-policies/refusals.ts';
import type { SecretPolicy } from '../domain/secret-policies/secret-policy.ts';
import type { SecretPolicyPage } from '../ports.ts';

/** A policy's fields may have half a mebibyte, and the longest answer of our wires has twenty (packages/runtime). */
const mostFieldBytes = 4 * 1024 * 1024;

interface Row extends Omit<SecretPolicy, 'fields'> {
  readonly fieldsJson: string;
}

const columns = (tx: Tx) => tx`
  id, name, policy_type as "policyType", description, fields as "fieldsJson", is_active as "isActive",
  created_at as "createdAtMicros", updated_at as "updatedAtMicros"`;

interface StoredField {
  readonly name: string;
  readonly generator: string;
  readonly config: object;
}

const fieldsToJson = (fields: readonly PolicyField[]): string =>
  JSON.stringify(fields.map(({ config, ...field }) => ({ ...field, config: JSON.parse(config) as object })));

const fieldsFromJson = (text: string): readonly PolicyField[] =>
  (JSON.parse(text) as readonly StoredField[]).map(({ config, ...field }) => ({
    ...field,
    config: JSON.stringify(config),
  }));

const policyOf = ({ fieldsJson, ...row }: Row): SecretPolicy => ({ ...row, fields: fieldsFromJson(fieldsJson) });

const changeable = (policy: SecretPolicy) => ({
  name: policy.name,
  policy_type: policy.policyType,
  description: policy.description,
  fields: fieldsToJson(policy.fields),
  is_active: policy.isActive,
  updated_at: policy.updatedAtMicros,
});

/** Runs the statement that writes a name; the transaction is lost with it, as it is with every refusal. */
const naming = async (name: string, write: Statement): Promise<void> => {
  try {
    await write;
  } catch (error) {
    throw isUniqueViolation(error, 'secret_policy_name') ? nameTaken(name) : error;
  }
};

export const selectSecretPolicy = async (tx: Tx, owner: ScopeId, id: string): Promise<SecretPolicy | undefined> => {
  const [row] = await tx<Row[]>`select ${columns(tx)} from secret_policy where scope_id = ${owner} and id = ${id}`;
  return row === undefined ? undefined : policyOf(row);
};

/** The row, locked until the transaction ends. */
export const lockSecretPolicy = async (tx: Tx, owner: ScopeId, id: string): Promise<SecretPolicy | undefined> => {
  const [row] = await tx<Row[]>`
    select ${columns(tx)} from secret_policy where scope_id = ${owner} and id = ${id} for update`;
  return row === undefined ? undefined : policyOf(row);
};

/** The next policies by id, fewer than asked for when their fields are large, and whether more follow. */
export const selectSecretPolicies = async (
  tx: Tx,
  owner: ScopeId,
  { policyType, includeInactive, after, limit }: SecretPolicyPage,
): Promise<{ readonly policies: readonly SecretPolicy[]; readonly hasMore: boolean }> => {
  const ofType = policyType === undefined ? tx`` : tx`and policy_type = ${policyType}`;
  const rows = await tx<(Row & { readonly bytesBefore: number; readonly found: number })[]>`
    select counted.* from (
      select following.*, count(*) over () as "found" from (
        select ${columns(tx)}, sum(octet_length(fields)) over (order by id) - octet_length(fields) as "bytesBefore"
        from secret_policy
        where scope_id = ${owner} and id > ${after} and (is_active or ${includeInactive}) ${ofType}
        order by id limit ${limit + 1}
      ) as following
    ) as counted
    where "bytesBefore" < ${mostFieldBytes} order by id limit ${limit}`;
  return {
    policies: rows.map(({ bytesBefore: _bytesBefore, found: _found, ...row }) => policyOf(row)),
    hasMore: (rows[0]?.found ?? 0) > rows.length,
  };
};

/** 409 `name_conflict`. */
export const insertSecretPolicy = async (tx: Tx, owner: ScopeId, policy: SecretPolicy): Promise<void> => {
  const row = { scope_id: owner, id: policy.id, created_at: policy.createdAtMicros, ...changeable(policy) };
  await naming(policy.name, tx`insert into secret_policy ${tx(row)}`);
};

/** 409 `name_conflict`. */
export const updateSecretPolicy = async (tx: Tx, owner: ScopeId, policy: SecretPolicy): Promise<void> => {
  const write = tx`update secret_policy set ${tx(changeable(policy))} where scope_id = ${owner} and id = ${policy.id}`;
  await naming(policy.name, write);
};

export const deleteSecretPolicy = async (tx: Tx, owner: ScopeId, id: string): Promise<void> => {
  await tx`delete from secret_policy where scope_id = ${owner} and id = ${id}`;
};
