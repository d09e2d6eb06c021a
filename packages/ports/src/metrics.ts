export type Labels = Readonly<Record<string, string>>;

/**
 * What is counted. Names follow Prometheus: `muster_<part>_<what>_<unit>[_total]`; labels are few and bounded
 * (never an entity id). One metric is created once per process and name; asking again returns the same.
 */
export interface Metrics {
  counter(name: string, help: string): Counter;
  gauge(name: string, help: string): Gauge;
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
}

export interface Counter {
  add(amount?: number, labels?: Labels): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
}

export interface Histogram {
  /** `trace` (a trace id) becomes the bucket's exemplar where the form has them. */
  observe(value: number, labels?: Labels, trace?: string): void;
}
