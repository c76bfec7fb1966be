import type { FastifyInstance } from 'fastify';
import { type Kind, kinds } from '../directory.ts';
import type { NewObject, ObjectChange } from '../directory-objects.ts';
import type { EmulatorContext } from '../emulator-context.ts';
import { publicFields } from '../public-fields.ts';
import type { MembershipSpelling } from '../webhook-event.ts';
import { changeQuerySchema, changeSchema, createSchema, memberSchema } from './directory-schemas.ts';

interface ChangeQuery {
  silent?: 'true' | 'false';
  spelling?: MembershipSpelling;
}
interface MemberBody {
  group_id: string;
  user_id?: string;
  member_group_id?: string;
  spelling?: MembershipSpelling;
}

const optionsOf = ({
  silent,
  spelling,
}: ChangeQuery): { silent: boolean; spelling?: MembershipSpelling | undefined } => ({
  silent: silent === 'true',
  spelling,
});

/** `/_dev/{partners,tenants,users,groups,members}`: create, change and delete, each sending its event unless `?silent=true`. */
export const registerDirectory = (app: FastifyInstance, { directory }: Pick<EmulatorContext, 'directory'>): void => {
  const registerKind = <K extends Kind>(kind: K): void => {
    app.post<{ Body: NewObject[K]; Querystring: ChangeQuery }>(
      `/_dev/${kind}`,
      { schema: { body: createSchema(kind), querystring: changeQuerySchema } },
      async ({ body, query }, reply) => {
        const object = await directory.create(kind, body as NewObject[K], optionsOf(query));
        return reply.code(201).send(publicFields(directory.data, kind, object));
      },
    );
    app.patch<{ Params: { id: string }; Body: ObjectChange[K]; Querystring: ChangeQuery }>(
      `/_dev/${kind}/:id`,
      { schema: { body: changeSchema(kind), querystring: changeQuerySchema } },
      async ({ params, body, query }) => {
        const object = await directory.change(kind, params.id, body as ObjectChange[K], optionsOf(query));
        return publicFields(directory.data, kind, object);
      },
    );
    app.delete<{ Params: { id: string }; Querystring: ChangeQuery }>(
      `/_dev/${kind}/:id`,
      { schema: { querystring: changeQuerySchema } },
      async ({ params, query }, reply) => {
        await directory.remove(kind, params.id, optionsOf(query));
        return reply.code(204).send();
      },
    );
  };
  for (const kind of kinds) registerKind(kind);

  app.post<{ Body: MemberBody; Querystring: ChangeQuery }>(
    '/_dev/members',
    { schema: { body: memberSchema, querystring: changeQuerySchema } },
    async ({ body, query }, reply) => {
      const memberId = body.user_id ?? body.member_group_id ?? '';
      await directory.addMember(body.group_id, memberId, {
        ...optionsOf(query),
        spelling: body.spelling ?? query.spelling,
      });
      return reply.code(201).send({ group_id: body.group_id, member_id: memberId });
    },
  );
  app.delete<{ Params: { groupId: string; memberId: string }; Querystring: ChangeQuery }>(
    '/_dev/members/:groupId/:memberId',
    { schema: { querystring: changeQuerySchema } },
    async ({ params, query }, reply) => {
      await directory.removeMember(params.groupId, params.memberId, optionsOf(query));
      return reply.code(204).send();
    },
  );
};
