/** Real milliseconds since it was made: only to tell how fast simulated time passed. */
export function systemStopwatch(): () => number {
  const start = process.hrtime.bigint();
  return () => Number(process.hrtime.bigint() - start) / 1_000_000;
}
