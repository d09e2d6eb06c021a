/** Milliseconds that passed since it was made, really and on this process's processors: only to tell how fast simulated time passed. */
export interface Elapsed {
  readonly realMs: number;
  /** Over all threads: what one core alone would take. */
  readonly cpuMs: number;
}

export function systemStopwatch(): () => Elapsed {
  const start = process.hrtime.bigint();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { realMs: Number(process.hrtime.bigint() - start) / 1_000_000, cpuMs: (user + system) / 1_000 };
  };
}
