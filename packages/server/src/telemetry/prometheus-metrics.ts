import type { Counter, Gauge, Histogram, Labels, Metrics } from '@muster/ports';
import { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, Registry } from 'prom-client';

/**
 * Counts for `/metrics`, in OpenMetrics text with exemplars. prom-client wants a metric's label names up front; ours appear with the first use,
 * so a metric is created with its first value's labels and refuses other names later (a programming error that would otherwise split a series).
 */
export class PrometheusMetrics implements Metrics {
  private readonly registry = new Registry();
  private readonly made = new Map<string, unknown>();

  constructor(fixed: Labels) {
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    this.registry.setDefaultLabels({ ...fixed });
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
      return {
        add: (amount = 1, labels: Labels = {}) => {
          metric ??= new PromCounter({ name: base, help, labelNames: Object.keys(labels), registers: [this.registry] });
          metric.inc({ ...labels }, amount);
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
          metric.set({ ...labels }, value);
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
          if (trace) metric.observe({ labels: { ...labels }, value, exemplarLabels: { trace_id: trace } } as never);
          else metric.observe({ labels: { ...labels }, value } as never);
        },
      };
    });
  }

  private once<M>(name: string, make: () => M): M {
    const existing = this.made.get(name) as M | undefined;
    if (existing) return existing;
    const metric = make();
    this.made.set(name, metric);
    return metric;
  }
}
