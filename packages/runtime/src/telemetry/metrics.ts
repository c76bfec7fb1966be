import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { collectCpuTime } from './collect-cpu-time.ts';
import { prometheus } from './prometheus.ts';

const seconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10];

/** The event loop is sampled by a timer of this many milliseconds; the usual 10 wake a process at rest 100 times a second. */
const eventLoopMonitoringPrecision = 100;
const prefix = 'scaivault_';

/** What one process has counted, in a form that crosses to another. */
export type MetricFigures = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** Prometheus text of the figures of several processes as those of one: counts add up, ages and states do not. */
export const joinMetrics = (figures: readonly MetricFigures[]): Promise<string> =>
  prometheus.AggregatorRegistry.aggregate([...figures]).metrics();

/** The metric families of rest-api-dynamic-ops 4 that this process feeds. No label holds a path, a name or a value. */
export const createMetrics = (service: string, version: string, commit: string) => {
  const registry = new prometheus.Registry();
  registry.setDefaultLabels({ service });
  for (const collect of prometheus.processMetrics) collect(registry, { prefix, eventLoopMonitoringPrecision });
  collectCpuTime(registry, prefix);
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> => new prometheus.Counter({ name: `${prefix}${name}`, help, labelNames, registers: [registry] });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> =>
    new prometheus.Gauge({ name: `${prefix}${name}`, help, labelNames, registers: [registry] });
  /** Of something that workers do not have a share of each: the greatest figure holds for them all. */
  const commonGauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> =>
    new prometheus.Gauge({ name: `${prefix}${name}`, help, labelNames, aggregator: 'max', registers: [registry] });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Histogram<Label> =>
    new prometheus.Histogram({ name: `${prefix}${name}`, help, labelNames, buckets: seconds, registers: [registry] });
  commonGauge('build_info', 'Always 1; the labels say what runs', ['version', 'commit']).set({ version, commit }, 1);
  let render = (): Promise<string> => registry.metrics();
  return {
    requests: counter('requests_total', 'REST requests answered', ['method', 'path_category', 'status']),
    requestSeconds: histogram('request_duration_seconds', 'REST request time', ['method', 'path_category']),
    activeRequests: gauge('active_requests', 'REST requests under way', ['path_category']),
    rateLimitHits: counter('rate_limit_hits_total', 'Requests refused by the rate limit', ['category']),
    authFailures: counter('auth_failures_total', 'Tokens refused', ['code']),
    redisSeconds: histogram('redis_latency_seconds', 'Time that Redis took to answer'),
    policyDecisions: counter('policy_decisions_total', 'Access decisions', ['result']),
    rpcRequests: counter('rpc_requests_total', 'RPCs served', ['method', 'code']),
    rpcSeconds: histogram('rpc_duration_seconds', 'RPC time', ['method']),
    auditRows: counter('audit_rows_total', 'Audit records journalled', ['success']),
    journalBytes: gauge('audit_journal_bytes', 'Bytes in the audit journal'),
    journalBacklog: gauge('audit_journal_backlog', 'Journal records not yet stored'),
    journalOldestSeconds: commonGauge('audit_journal_oldest_seconds', 'Age of the oldest record not yet stored'),
    journalErrors: counter('audit_journal_errors_total', 'Failed journal writes'),
    outboxBacklog: commonGauge('outbox_backlog', 'Events not yet shipped to the events service', ['schema']),
    outboxOldestSeconds: commonGauge('outbox_oldest_seconds', 'Age of the oldest event not yet shipped', ['schema']),
    auditSealFailures: counter('audit_seal_failures_total', 'Times that audit records could not be sealed'),
    auditExports: counter('audit_exports_total', 'Audit exports that have ended', ['result']),
    integrityAlarms: counter('integrity_alarms_total', 'Stored rows that failed their integrity check'),
    secretReads: counter('secret_reads_total', 'Secret values handed out', ['tenant', 'secret_type']),
    secretWrites: counter('secret_writes_total', 'Secret versions written', ['tenant']),
    identityWebhooks: counter('identity_webhooks_total', 'Inbound ScaiKey events', ['event_type', 'result']),
    identitySyncs: counter('identity_sync_total', "Syncs with ScaiKey's lists", ['result']),
    /** Prometheus text of all families. */
    render: (): Promise<string> => render(),
    /** Makes `render` answer what somebody else has put together. */
    renderWith: (other: () => Promise<string>): void => {
      render = other;
    },
    /** What this process alone has counted, for `joinMetrics`. */
    collect: (): Promise<MetricFigures> => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  };
};

export type Metrics = ReturnType<typeof createMetrics>;
