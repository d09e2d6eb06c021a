/** W3C `traceparent` text: what travels with a message. Empty: not traced. */
export type TraceParent = string;

export interface Span {
  /** To be sent along; empty when not sampled. */
  readonly parent: TraceParent;
  set(key: string, value: string | number | boolean): void;
  /** Ends the span; with an error code when what it stands for failed. */
  end(errorCode?: string): void;
}

/** Spans from gateway to actor. The system form is OpenTelemetry's (in `server`). */
export interface Tracer {
  /** Starts a span under `parent`, or a new trace (subject to sampling) where `parent` is empty. */
  start(name: string, parent: TraceParent): Span;
}

const noSpan: Span = { parent: '', set: () => undefined, end: () => undefined };

/** Traces nothing and costs nothing. */
export const silentTracer: Tracer = { start: () => noSpan };
