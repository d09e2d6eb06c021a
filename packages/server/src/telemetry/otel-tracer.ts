import { causeOf, type Log, type Span, type TraceParent, type Tracer } from '@muster/ports';
import {
  type Context,
  context,
  isSpanContextValid,
  type Tracer as OtelApiTracer,
  type Span as OtelSpan,
  propagation,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { core, NodeSDK, resources, tracing } from '@opentelemetry/sdk-node';

export interface OtelSetup {
  readonly endpoint: string;
  readonly service: string;
  readonly instance: string;
  readonly spansQueuedMax: number;
  readonly log: Log;
}

/** Tracing that is switched on: the port's tracer, and how to end it. */
export interface RunningTracer {
  readonly tracer: Tracer;
  /** Sends what waits. Never rejects: a collector that is away must not keep a process from stopping. */
  stop(): Promise<void>;
}

/**
 * Spans through OpenTelemetry's Node SDK, sent by OTLP. Who starts a trace decides whether it is sampled (the gateway, by its `traceRatio`);
 * everybody else follows the parent's flag. Context travels explicitly as `traceparent`, so no instrumentation hooks are installed.
 */
export function startTracing({ endpoint, service, instance, spansQueuedMax, log }: OtelSetup): RunningTracer {
  const sdk = new NodeSDK({
    autoDetectResources: false,
    resource: resources.resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance }),
    textMapPropagator: new core.W3CTraceContextPropagator(),
    sampler: new tracing.ParentBasedSampler({ root: new tracing.AlwaysOnSampler() }),
    spanProcessors: [
      new tracing.BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint }), { maxQueueSize: spansQueuedMax }),
    ],
    instrumentations: [],
  });
  sdk.start();
  return {
    tracer: new OtelTracer(trace.getTracer('muster')),
    stop: async () => {
      try {
        await sdk.shutdown();
      } catch (error) {
        log.write('warn', 'tracing.unsent', { cause: causeOf(error) });
      }
    },
  };
}

class OtelTracer implements Tracer {
  private readonly tracer: OtelApiTracer;

  constructor(tracer: OtelApiTracer) {
    this.tracer = tracer;
  }

  start(name: string, parent: TraceParent): Span {
    const from = parent === '' ? context.active() : propagation.extract(context.active(), { traceparent: parent });
    return new OtelPortSpan(this.tracer.startSpan(name, {}, from), from);
  }
}

class OtelPortSpan implements Span {
  readonly parent: TraceParent;
  private readonly span: OtelSpan;

  constructor(span: OtelSpan, from: Context) {
    this.span = span;
    const carrier: Record<string, string> = {};
    if (isSpanContextValid(span.spanContext())) propagation.inject(trace.setSpan(from, span), carrier);
    this.parent = carrier.traceparent ?? '';
  }

  set(key: string, value: string | number | boolean): void {
    this.span.setAttribute(key, value);
  }

  end(errorCode?: string): void {
    if (errorCode !== undefined) this.span.setStatus({ code: SpanStatusCode.ERROR, message: errorCode });
    this.span.end();
  }
}
