/** Where an OpenTelemetry SDK registers, for every copy of its API to find. */
const registered = Symbol.for('opentelemetry.js.api.1');

/**
 * OpenTelemetry's API, in a process that was started with an SDK (`node --import`). No other loads it: it is a hundred modules,
 * and even its no-op spans cost more than the step they measure.
 */
const api = registered in globalThis ? await import('@opentelemetry/api') : undefined;

/** Runs `work` inside a server span that continues the caller's trace (W3C `traceparent`), where traces are recorded. */
export const withServerSpan = <Result>(
  name: string,
  traceparent: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> => {
  if (api === undefined) return work();
  const { context, propagation, SpanKind, SpanStatusCode, trace } = api;
  const parent = traceparent === undefined ? context.active() : propagation.extract(context.active(), { traceparent });
  return trace.getTracer('scaivault').startActiveSpan(name, { kind: SpanKind.SERVER }, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
};
