/** Where a command speaks to: a person's terminal, a pipe or a test. */
export interface Terminal {
  /** Data, and nothing else. */
  out(text: string): void;
  /** Messages for people. */
  err(text: string): void;
  /** Data goes to a person who can see colours. */
  readonly colours: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Wall time, for ages. */
  nowMs(): number;
  /** Aborted when the person, or whoever reads the data, wants no more. From the first call on, Ctrl-C no longer kills the process. */
  ended(): AbortSignal;
}

/** This process's own. Data that nobody reads any more (`| head`) ends it quietly. */
export function systemTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const end = new AbortController();
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end.abort();
  });
  return {
    out: (text) => void (end.signal.aborted || stdout.write(text)),
    err: (text) => void stderr.write(text),
    colours: stdout.isTTY === true && env.TERM !== 'dumb' && !env.NO_COLOR,
    env,
    nowMs: () => Date.now(),
    ended: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
      return end.signal;
    },
  };
}
