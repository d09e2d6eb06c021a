import type { Counter, Gauge, Histogram, Labels, Metrics } from '@muster/ports';
import { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, Registry } from 'prom-client';

/**
 * Counts for `/metrics`, in OpenMetrics text with exemplars. prom-client wants a metric's label names up front; ours appear with the first use,
 * so a metric is created with its first value's labels; a value with others later is refused and counted.
 */
export class PrometheusMetrics implements Metrics {
  private readonly registry = new Registry();
  private readonly made = new Map<string, unknown>();
  private readonly refused: Counter;

  constructor(fixed: Labels) {
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    this.registry.setDefaultLabels({ ...fixed });
    this.refused = this.counter('muster_metrics_refused_total', 'Values that came with other labels than the first');
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  counter(name: string, help: string): Counter {
    // OpenMetrics puts `_total` behind a counter's name by itself.
    const base = name.replace(/_total$/, '');
    return this.once(name, () => {
      let metric: PromCounter | undefined;
      // What has no labels is counted on the hot path: a plain number until somebody asks.
      let plain = 0;
      const metricFor = (labels: Labels): PromCounter =>
        new PromCounter({
          name: base,
          help,
          labelNames: Object.keys(labels),
          registers: [this.registry],
          collect() {
            if (plain > 0) this.inc(plain);
            plain = 0;
          },
        });
      return {
        add: (amount = 1, labels?: Labels) => {
          metric ??= metricFor(labels ?? {});
          const counter = metric;
          if (labels === undefined && amount >= 0) plain += amount;
          else this.guarded(name, () => counter.inc({ ...labels }, amount));
        },
      };
    });
  }

  gauge(name: string, help: string): Gauge {
    return this.once(name, () => {
      let metric: PromGauge | undefined;
      return {
        set: (value: number, labels: Labels = {}) => {
          metric ??= new PromGauge({ name, help, labelNames: Object.keys(labels), registers: [this.registry] });
          const gauge = metric;
          this.guarded(name, () => gauge.set({ ...labels }, value));
        },
      };
    });
  }

  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return this.once(name, () => {
      let metric: PromHistogram | undefined;
      return {
        observe: (value: number, labels: Labels = {}, trace?: string) => {
          metric ??= new PromHistogram({
            name,
            help,
            labelNames: Object.keys(labels),
            buckets: [...buckets],
            enableExemplars: true,
            registers: [this.registry],
          });
          const histogram = metric;
          const exemplar = trace ? { exemplarLabels: { trace_id: trace } } : {};
          this.guarded(name, () => histogram.observe({ labels: { ...labels }, value, ...exemplar } as never));
        },
      };
    });
  }

  /** A wrong label is a mistake in the code, to be seen and mended, but no reason to end the protocol step that counts. */
  private guarded(metric: string, count: () => void): void {
    try {
      count();
    } catch {
      this.refused.add(1, { metric });
    }
  }

  private once<M>(name: string, make: () => M): M {
    const existing = this.made.get(name) as M | undefined;
    if (existing) return existing;
    const metric = make();
    this.made.set(name, metric);
    return metric;
  }
}
