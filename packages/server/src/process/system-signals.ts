/** `npm` passes a Ctrl-C on to a process that the terminal has told already: so soon after another, a signal is the same one. */
const SAME_SIGNAL_MS = 500;

/** How this process is told to end. */
export interface EndSignals {
  /** Resolves with the first word: SIGINT, SIGTERM, or the end of the process that started this one (its IPC channel breaks). */
  readonly told: Promise<EndReason>;
  /** Aborted at the second word: leave faster, but still in order. */
  readonly hurry: AbortSignal;
  /** The end has begun, whoever asked for it: from the first call on it has its limit. */
  begun(): void;
}

export interface EndReason {
  /** For people. */
  readonly why: string;
  /** Somebody asked for it, so there is time to hand off. False: who started this process is gone, and what it stood on probably too. */
  readonly asked: boolean;
}

/**
 * Listens for the words that end a process. The first begins an orderly end, the second makes it a fast one, the third is the last.
 * `limitMs`: a process that is still there so long after the beginning hangs and is cut short: above every deadline of its parts.
 */
export function endSignals(limitMs: number): EndSignals {
  const hurry = new AbortController();
  const lastAt = new Map<string, number>();
  let words = 0;
  let isLimited = false;
  // No exit hooks: whatever hangs may hang there too.
  const cut = (): void => void process.kill(process.pid, 'SIGKILL');
  const begun = (): void => {
    if (!isLimited) setTimeout(cut, limitMs).unref();
    isLimited = true;
  };
  const told = new Promise<EndReason>((resolve) => {
    const end = (why: string, asked: boolean): void => {
      const now = performance.now();
      const isSame = now - (lastAt.get(why) ?? Number.NEGATIVE_INFINITY) < SAME_SIGNAL_MS;
      lastAt.set(why, now);
      if (isSame) return;
      words += 1;
      begun();
      if (words === 2 || !asked) hurry.abort();
      if (words > 2) cut();
      resolve({ why, asked });
    };
    process.on('SIGINT', () => end('SIGINT', true));
    process.on('SIGTERM', () => end('SIGTERM', true));
    if (process.channel) {
      process.on('disconnect', () => end('its parent has ended', false));
      // The channel alone is no reason to stay.
      process.channel.unref();
    }
  });
  return { told, hurry: hurry.signal, begun };
}
