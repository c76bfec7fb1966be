import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('scaivault');

/**
 * Runs `work` inside a server span that continues the caller's trace (W3C `traceparent`). Without a registered
 * OpenTelemetry SDK the API's no-op tracer makes this nearly free.
 */
export const withServerSpan = <Result>(
  name: string,
  traceparent: string | undefined,
  work: (span: Span) => Promise<Result>,
): Promise<Result> => {
  const parent = traceparent === undefined ? context.active() : propagation.extract(context.active(), { traceparent });
  return tracer.startActiveSpan(name, { kind: SpanKind.SERVER }, parent, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
};
