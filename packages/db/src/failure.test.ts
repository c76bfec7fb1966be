import postgres from 'postgres';
import { expect, it } from 'vitest';
import { DatabaseError, translateConnectFailure, translateFailure } from './failure.ts';

// The driver's type takes a text; its constructor takes the fields of the server's message.
const refusal = (fields: Record<string, string>): Error => new postgres.PostgresError(fields as never);

it('answers 503 when the server cannot do it now', () => {
  for (const code of ['08006', '25006', '53100', '53200', '53300', '57014', '57P01', '57P02', '57P03', '58030']) {
    expect(translateFailure(refusal({ code, message: 'm' })), code).toMatchObject({
      code: 'service_unavailable',
      cause: { sqlState: code },
    });
  }
  for (const code of ['CONNECTION_CLOSED', 'CONNECT_TIMEOUT', 'CONNECTION_DESTROYED', 'CONNECTION_ENDED']) {
    expect(translateFailure(Object.assign(new Error('m'), { code })), code).toMatchObject({
      code: 'service_unavailable',
    });
  }
  expect(translateFailure(Object.assign(new Error('m'), { code: 'ECONNRESET', syscall: 'read' }))).toMatchObject({
    code: 'service_unavailable',
  });
});

it('passes on what is about the statement, and what is not of the database at all', () => {
  for (const code of ['23505', '23503', '40001', '40P01', '42501', '42P01', '22001', 'P0001']) {
    expect(translateFailure(refusal({ code, message: 'm' })), code).toBeInstanceOf(DatabaseError);
  }
  const own = new TypeError('m');
  expect(translateFailure(own)).toBe(own);
  expect(translateFailure(undefined)).toBe(undefined);
});

it('drops everything that may quote a row', () => {
  const error = translateFailure(
    refusal({
      code: '23505',
      message: 'duplicate key',
      detail: 'Key (id)=(canary) exists',
      where: 'canary',
      constraint_name: 'k',
      table_name: 't',
    }),
  );
  expect(error).toMatchObject({ message: '23505: duplicate key', constraint: 'k', table: 't' });
  expect(JSON.stringify(Object.entries(error as object)) + (error as Error).stack).not.toContain('canary');
});

it('answers 503 to every failure to connect', () => {
  expect(translateConnectFailure(refusal({ code: '3D000', message: 'no such database' }))).toMatchObject({
    code: 'service_unavailable',
  });
  expect(translateConnectFailure(new Error('self-signed certificate'))).toMatchObject({ code: 'service_unavailable' });
});
