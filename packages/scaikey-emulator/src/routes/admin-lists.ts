import { VaultError } from '@scaivault/errors';
import type { FastifyInstance } from 'fastify';
import { effectiveMembers, findById, type Kind, kinds, type Objects } from '../directory.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import type { Faults } from '../faults.ts';
import { type PublicFields, publicFields } from '../public-fields.ts';
import { readBearer } from '../read-bearer.ts';

type Query = Partial<Record<string, string>>;
type ListRoute = { Querystring: Query };
type ItemRoute = { Params: { id: string } };

const DEFAULT_PER_PAGE = 50;
const LARGEST_PER_PAGE = 200;

const wholeNumber = (query: Query, name: string, fallback: number, largest: number): number => {
  const text = query[name];
  if (text === undefined) return fallback;
  const value = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= largest) return value;
  throw new VaultError('invalid_request', `"${name}" must be a whole number from 1 to ${largest}.`);
};

type ListFaults = Pick<Faults, 'cut_pages' | 'shrink_lists' | 'empty_lists'>;

const disturbed = (rows: readonly PublicFields[], faults: ListFaults): readonly PublicFields[] => {
  if (faults.empty_lists) return [];
  return faults.shrink_lists ? rows.slice(0, Math.floor(rows.length / 2)) : rows;
};

/** `{items, total, page, per_page}`; a cut page loses its second half. */
const toPage = (rows: readonly PublicFields[], query: Query, faults: ListFaults): object => {
  const all = disturbed(rows, faults);
  const page = wholeNumber(query, 'page', 1, 999_999_999);
  const perPage = wholeNumber(query, 'per_page', DEFAULT_PER_PAGE, LARGEST_PER_PAGE);
  const items = all.slice((page - 1) * perPage, page * perPage);
  return {
    items: faults.cut_pages ? items.slice(0, Math.floor(items.length / 2)) : items,
    total: all.length,
    page,
    per_page: perPage,
  };
};

const filters: { [K in Kind]: readonly string[] } = {
  partners: ['status'],
  tenants: ['status', 'partner_id'],
  users: ['status', 'tenant_id', 'partner_id'],
  groups: ['tenant_id', 'partner_id', 'group_type'],
};
const searchedFields = ['id', 'name', 'slug', 'email', 'first_name', 'last_name'];

const matches = (kind: Kind, fields: PublicFields, query: Query): boolean => {
  const search = query.search?.toLowerCase();
  return (
    filters[kind].every((name) => query[name] === undefined || fields[name] === query[name]) &&
    (search === undefined ||
      searchedFields.some((name) =>
        String(fields[name] ?? '')
          .toLowerCase()
          .includes(search),
      ))
  );
};

/** The lists a full reconcile reads: Bearer with `admin:read`, pages from 1. */
export const registerAdminLists = (
  app: FastifyInstance,
  { state, tokens, faults }: Pick<EmulatorContext, 'state' | 'tokens' | 'faults'>,
): void => {
  const { directory } = state;
  app.addHook('onRequest', async (request) => {
    const claims = await readBearer(tokens, request);
    if (claims === undefined) throw new VaultError('token_invalid', 'The admin lists need a bearer token.');
    const scopes = typeof claims.scope === 'string' ? claims.scope.split(' ') : [];
    if (!scopes.includes('admin:read'))
      throw new VaultError('insufficient_scope', 'The scope "admin:read" is missing.');
  });

  const registerKind = <K extends Kind>(kind: K): void => {
    const show = (object: Objects[K]): PublicFields => publicFields(directory, kind, object);
    app.get<ListRoute>(`/api/v1/admin/${kind}/`, ({ query }) =>
      toPage(
        directory[kind].map(show).filter((fields) => matches(kind, fields, query)),
        query,
        faults,
      ),
    );
    app.get<ItemRoute>(`/api/v1/admin/${kind}/:id`, ({ params }) => {
      const object = findById(directory, kind, params.id);
      if (object === undefined) throw new VaultError('not_found', `There is no ${params.id} in ${kind}.`);
      return show(object);
    });
  };
  for (const kind of kinds) registerKind(kind);

  app.get<ListRoute & ItemRoute>('/api/v1/admin/groups/:id/members', ({ params, query }) => {
    if (findById(directory, 'groups', params.id) === undefined) {
      throw new VaultError('not_found', `There is no ${params.id} in groups.`);
    }
    const members = effectiveMembers(directory, params.id).map(({ user, membershipType, addedAt }) => ({
      user_id: user.id,
      type: user.type,
      email: user.email,
      membership_type: membershipType,
      added_at: addedAt,
    }));
    return toPage(members, query, faults);
  });
};
