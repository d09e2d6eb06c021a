const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export function isLoopbackHost(hostname: string): boolean {
  return LOOPBACK.has(hostname);
}

/**
 * True where `asked` is the registered address. On loopback the port is free, as native clients take whichever they get
 * (RFC 8252 §7.3), and the three names of this machine are one.
 */
export function isRegisteredRedirect(asked: string, registered: readonly string[]): boolean {
  if (!URL.canParse(asked)) return false;
  const url = new URL(asked);
  if (url.hash !== '' || url.username !== '' || url.password !== '') return false;
  return registered.some((uri) => {
    if (uri === asked) return true;
    const known = new URL(uri);
    return (
      known.protocol === 'http:' &&
      url.protocol === 'http:' &&
      isLoopbackHost(known.hostname) &&
      isLoopbackHost(url.hostname) &&
      known.pathname === url.pathname &&
      known.search === url.search
    );
  });
}
