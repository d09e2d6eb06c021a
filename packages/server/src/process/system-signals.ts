/** A stop that takes longer than this is cut short. Longer than any part's own deadline. */
const FORCED_EXIT_MS = 20_000;

/**
 * Resolves with why when this process is told to end: SIGINT, SIGTERM, or the end of the process that started it (its IPC channel breaks).
 * A second signal, or a stop that hangs, ends it at once.
 */
export function untilToldToEnd(): Promise<string> {
  return new Promise((resolve) => {
    let told = false;
    const end = (why: string): void => {
      // No exit hooks: whatever hangs may hang there too.
      const cut = (): void => void process.kill(process.pid, 'SIGKILL');
      if (told) cut();
      told = true;
      setTimeout(cut, FORCED_EXIT_MS).unref();
      resolve(why);
    };
    process.on('SIGINT', () => end('SIGINT'));
    process.on('SIGTERM', () => end('SIGTERM'));
    if (process.channel) {
      process.on('disconnect', () => end('its parent has ended'));
      // The channel alone is no reason to stay.
      process.channel.unref();
    }
  });
}
