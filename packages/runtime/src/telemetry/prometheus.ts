import { createRequire } from 'node:module';
import type * as library from 'prom-client';

/** Feeds a registry with figures of the process itself. */
type Collect = (registry: library.Registry, options: { prefix: string; eventLoopMonitoringPrecision: number }) => void;

const part = createRequire(import.meta.url);

/**
 * The parts of prom-client that we use, file by file: its index loads the API of OpenTelemetry besides, a hundred modules in
 * every process for exemplars that nobody asks for (ADR 0021).
 */
export const prometheus = {
  Registry: part('prom-client/lib/registry.js') as typeof library.Registry,
  AggregatorRegistry: part('prom-client/lib/cluster.js') as typeof library.AggregatorRegistry,
  Counter: part('prom-client/lib/counter.js') as typeof library.Counter,
  Gauge: part('prom-client/lib/gauge.js') as typeof library.Gauge,
  Histogram: part('prom-client/lib/histogram.js') as typeof library.Histogram,
  /** What its `collectDefaultMetrics` collects, but for the processor's time. */
  processMetrics: [
    'processStartTime',
    'osMemoryHeap',
    'processOpenFileDescriptors',
    'processMaxFileDescriptors',
    'eventLoopLag',
    'processResources',
    'processHandles',
    'processRequests',
    'heapSizeAndUsed',
    'heapSpacesSizeAndUsed',
    'version',
    'gc',
  ].map((name) => part(`prom-client/lib/metrics/${name}.js`) as Collect),
};
