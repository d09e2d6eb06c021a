export type { Benchmark, BenchmarkRun } from './benchmark.js';
export { type Finding, jsonLine, type Provenance, type Result, settle, table } from './result.js';
export { inTurns, median, quantile, spread } from './rounds.js';
