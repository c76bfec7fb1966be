import { fieldError } from '@scaivault/errors';

const mostRoles = 8;

const notAList = () => fieldError('roles', 'type', 'must be a list of texts');

/**
 * `roles` of a request as it was sent: a list that is absent must not count as an empty one, which takes everything. 422
 * `validation_error`.
 */
export const readRoleList = (raw: Uint8Array | undefined): readonly string[] => {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder().decode(raw));
  } catch {
    // Only a gRPC client can send this; the gateway passes on JSON.
    throw notAList();
  }
  if (!Array.isArray(list) || !list.every((role) => typeof role === 'string')) throw notAList();
  if (list.length > mostRoles) throw fieldError('roles', 'length', `must have at most ${mostRoles} items`);
  return list;
};
