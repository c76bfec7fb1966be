import fastify from 'fastify';

// The yardstick: the same JSON from a server that does nothing else. The body comes by IPC; the port goes back.
process.once('message', (body: string) => {
  const app = fastify({ logger: false });
  app.get('/', (_request, reply) => reply.header('content-type', 'application/json; charset=utf-8').send(body));
  app.listen({ port: 0, host: '127.0.0.1' }).then(
    () => {
      const address = app.server.address();
      process.send?.(address !== null && typeof address === 'object' ? address.port : 0);
    },
    () => process.exit(1),
  );
});
process.once('disconnect', () => process.exit(0));
