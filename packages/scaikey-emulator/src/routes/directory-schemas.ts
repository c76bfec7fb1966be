import type { Kind } from '../directory.ts';

const text = { type: 'string', minLength: 1, maxLength: 256 } as const;
const id = { type: 'string', minLength: 1, maxLength: 128 } as const;
const status = { enum: ['ACTIVE', 'SUSPENDED'] } as const;
const texts = { type: 'array', items: text } as const;

const fields = {
  partners: { name: text, slug: text, region: text, status },
  tenants: { partner_id: id, name: text, slug: text, status },
  users: {
    tenant_id: id,
    email: text,
    name: text,
    first_name: text,
    last_name: text,
    status,
    mfa_enabled: { type: 'boolean' },
    roles: texts,
    client_secret: text,
    scopes: texts,
  },
  groups: { tenant_id: id, name: text, group_type: text },
} as const;

const required: { [K in Kind]: readonly string[] } = {
  partners: ['name', 'slug'],
  tenants: ['partner_id', 'name', 'slug'],
  users: ['tenant_id'],
  groups: ['tenant_id', 'name'],
};

const extraOnCreate: { [K in Kind]?: object } = { users: { type: { enum: ['user', 'service_account'] } } };
const extraOnChange: { [K in Kind]?: object } = { users: { password_changed: { const: true } } };

/** JSON Schema of the body that makes an object. */
export const createSchema = (kind: Kind): object => ({
  type: 'object',
  required: required[kind],
  additionalProperties: false,
  properties: { id, ...fields[kind], ...extraOnCreate[kind] },
});

/** JSON Schema of the body that changes one. */
export const changeSchema = (kind: Kind): object => ({
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: { ...fields[kind], ...extraOnChange[kind] },
});

/** JSON Schema of the body that puts somebody into a group. */
export const memberSchema = {
  type: 'object',
  required: ['group_id'],
  oneOf: [{ required: ['user_id'] }, { required: ['member_group_id'] }],
  additionalProperties: false,
  properties: {
    group_id: id,
    user_id: id,
    member_group_id: id,
    spelling: { enum: ['dotted', 'underscored', 'resource'] },
  },
} as const;

/** JSON Schema of the query every directory call takes. */
export const changeQuerySchema = {
  type: 'object',
  additionalProperties: false,
  properties: { silent: { enum: ['true', 'false'] }, spelling: { enum: ['dotted', 'underscored', 'resource'] } },
} as const;
