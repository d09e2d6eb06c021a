/** 12345 → `12,345` */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1 node`, `2 nodes` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A length of time in two parts at most: `80 ms`, `4.2 s`, `12 min 5 s`, `3 h 20 min`, `5 d 2 h`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return twoParts(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return twoParts(minutes, 60, 'h', 'min');
  return twoParts(Math.round(minutes / 60), 24, 'd', 'h');
}

function twoParts(value: number, base: number, large: string, small: string): string {
  const rest = value % base;
  return `${count(Math.floor(value / base))} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Three significant digits: `512 B`, `1.50 KiB`, `86.4 MiB`, `120 MiB`. */
export function bytes(value: number): string {
  let unit = 0;
  let rest = value;
  // What would round to 1,000 or more belongs to the next unit.
  while (rest >= 999.5 && unit < BYTE_UNITS.length - 1) {
    rest /= 1_024;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  return `${rest.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/** 0.123 → `12 %` */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `2026-11-21 02:10:44 UTC`; text that is no instant as it is. */
export function instant(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** An instant and how long ago that was. Clocks of two machines differ, so the future is `0 ms` ago. */
export function since(iso: string, nowMs: number): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : `${instant(iso)} (${duration(nowMs - at)} ago)`;
}
