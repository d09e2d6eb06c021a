import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Fields of /proc/net/tcp. */
const LOCAL = 1;
const REMOTE = 2;
const INODE = 9;

export interface Ports {
  readonly local: number;
  readonly remote: number;
}

/**
 * Which child of process `parent` holds the TCP socket between these ports, named as its `--id` says; empty: none of them.
 * The only way to tell who dials on one machine without the dialler's help. Linux only.
 */
export function socketOwner(ports: Ports, parent: number): string {
  const inode = inodeOf(ports);
  if (inode === undefined) return '';
  const owner = childrenOf(parent).find((pid) => holds(pid, inode));
  return owner === undefined ? '' : nameOf(owner);
}

function inodeOf({ local, remote }: Ports): string | undefined {
  const suffix = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    // Both: one local port may lead to many places.
    if (fields[LOCAL]?.endsWith(suffix(local)) && fields[REMOTE]?.endsWith(suffix(remote))) return fields[INODE];
  }
  return undefined;
}

function childrenOf(parent: number): readonly number[] {
  return listed(`/proc/${parent}/task`).flatMap((task) =>
    text(`/proc/${parent}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function holds(pid: number, inode: string): boolean {
  const link = `socket:[${inode}]`;
  return listed(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === link;
    } catch {
      return false; // closed while we looked
    }
  });
}

function nameOf(pid: number): string {
  const args = text(`/proc/${pid}/cmdline`).split('\0');
  return args[args.indexOf('--id') + 1] ?? '';
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it ended while we looked
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
