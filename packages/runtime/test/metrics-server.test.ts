import { afterEach, describe, expect, it } from 'vitest';
import { Secret } from '../src/config/secret.ts';
import { type MetricsServer, startMetricsServer } from '../src/process/metrics-server.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';

let server: MetricsServer | undefined;
afterEach(async () => await server?.stop());

const start = async (token?: Secret) => {
  const metrics = createMetrics('secrets', '1.2.3', 'abc');
  const started = await startMetricsServer('127.0.0.1:0', token, metrics);
  server = started;
  const get = (path: string, authorization?: string) =>
    fetch(`http://127.0.0.1:${started.port}${path}`, {
      headers: authorization === undefined ? {} : { authorization },
    });
  return { metrics, get };
};

describe('the metrics server', () => {
  it.each(['/v1/metrics', '/metrics'])('shows Prometheus text on %s', async (path) => {
    const { metrics, get } = await start();
    metrics.rateLimitHits.inc({ category: 'secrets:read' });
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    const text = await answer.text();
    expect(text).toContain('scaivault_rate_limit_hits_total{category="secrets:read",service="secrets"} 1');
    expect(text).toMatch(/^scaivault_process_cpu_user_seconds_total\{service="secrets"\} (?!0\n)/m);
    expect(text).toContain('scaivault_nodejs_heap_size_used_bytes{');
    expect(text).toContain('scaivault_build_info{version="1.2.3",commit="abc",service="secrets"} 1');
  });

  it('asks for its token when there is one', async () => {
    const { get } = await start(new Secret('s3cret'));
    const statuses = await Promise.all(
      [undefined, 'Bearer wrong1', 'Bearer s3cre', 'Bearer s3cret2', 's3cret', 'Bearer s3cret'].map(
        async (given) => (await get('/v1/metrics', given)).status,
      ),
    );
    expect(statuses).toEqual([401, 401, 401, 401, 401, 200]);
  });

  it('shows nothing else', async () => {
    const { get } = await start();
    expect((await get('/')).status).toBe(404);
    expect((await get('/v1/metrics/x')).status).toBe(404);
  });

  it('refuses to start on a port that is taken', async () => {
    await start();
    await expect(
      startMetricsServer(`127.0.0.1:${server?.port}`, undefined, createMetrics('x', '0', '0')),
    ).rejects.toThrow(/EADDRINUSE/);
  });
});
