import { describe, expect, it } from 'vitest';
import { compileTemplate } from './request-template.ts';

const headers = { authorization: 'Bearer t' };
const [early, late] = [() => 0, () => 0.999_999];

describe('a request template', () => {
  it('draws the number of each request', () => {
    const write = compileTemplate({ method: 'GET', path: '/s/{n}', among: 100_000 }, 'h', headers);
    expect(write(early)).toBe('GET /s/000000 HTTP/1.1\r\nhost: h\r\nauthorization: Bearer t\r\n\r\n');
    expect(write(late)).toContain('GET /s/099999 ');
  });

  it('says how long the body is that it sends', () => {
    const write = compileTemplate({ method: 'PUT', path: '/s', body: '{"ü":"{n}"}', among: 10 }, 'h', headers);
    const [head = '', body = ''] = write(early).split('\r\n\r\n');
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
    expect(body).toBe('{"ü":"000000"}');
  });

  it('never names the same number twice in one request', () => {
    const body = JSON.stringify({ paths: Array.from({ length: 100 }, () => 's/{n}') });
    const write = compileTemplate({ method: 'POST', path: '/batch', body, among: 150 }, 'h', headers);
    for (const random of [early, () => 0.5, late]) expect(new Set(write(random).match(/s\/\d{6}/g))).toHaveLength(100);
  });

  it('refuses more numbers than it has digits for', () => {
    expect(() => compileTemplate({ method: 'GET', path: '/{n}', among: 1_000_001 }, 'h', {})).toThrow('6 digits');
  });
});
