import type { Answer } from '@scaivault/testkit/start-vault';
import { expect } from 'vitest';

/** Checks status, code and envelope of a refusal (rest-api-core 1.9), and those of its details that are given. */
export const expectRefusal = (
  answer: Answer,
  status: number,
  code: string,
  details?: Readonly<Record<string, unknown>>,
): void => {
  expect({ status: answer.status, code: answer.json?.error?.code }, answer.text).toEqual({ status, code });
  expect(Object.keys(answer.json)).toEqual(['error']);
  const { error } = answer.json;
  const members = Object.keys(error).filter((name) => name !== 'details');
  expect(members.sort()).toEqual(['code', 'message', 'request_id']);
  expect(error.message).toMatch(/\S/);
  expect(error.request_id).toMatch(/^req_[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(answer.headers.get('x-request-id')).toBe(error.request_id);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.has('www-authenticate')).toBe(status === 401 && code !== 'signature_invalid');
  if (details !== undefined) expect(error.details).toMatchObject(details);
};
