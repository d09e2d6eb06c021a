import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Fields of /proc/net/tcp. */
const LOCAL = 1;
const REMOTE = 2;
const INODE = 9;

export interface Ports {
  readonly local: number;
  readonly remote: number;
}

/** Whoever asks for many at once is answered from one look. Lower: more looking. Higher: a connection has no name for as long. */
const LOOK_MS = 20;

/**
 * Which child of process `parent` holds the TCP socket between these ports, named as its `--id` says; empty: none of them, or not seen yet.
 * The only way to tell who dials on one machine without the dialler's help. Linux only.
 */
export function socketOwners(parent: number): (ports: Ports) => string {
  let owners: ReadonlyMap<string, string> = new Map();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return (ports) => {
    const known = owners.get(keyOf(ports));
    if (known !== undefined || performance.now() - lookedAt < LOOK_MS) return known ?? '';
    owners = look(parent);
    lookedAt = performance.now();
    return owners.get(keyOf(ports)) ?? '';
  };
}

function keyOf({ local, remote }: Ports): string {
  return `${local} ${remote}`;
}

/** All TCP sockets of these processes, by their ports. */
function look(parent: number): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const pid of childrenOf(parent)) for (const inode of socketsOf(pid)) names.set(inode, nameOf(pid));
  const owners = new Map<string, string>();
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const fields = line.trim().split(/ +/);
    const name = names.get(fields[INODE] ?? '');
    // Both ports: one local port may lead to many places.
    if (name !== undefined) owners.set(keyOf({ local: portOf(fields[LOCAL]), remote: portOf(fields[REMOTE]) }), name);
  }
  return owners;
}

function portOf(address = ''): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16);
}

function childrenOf(parent: number): readonly number[] {
  return listed(`/proc/${parent}/task`).flatMap((task) =>
    text(`/proc/${parent}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
}

function socketsOf(pid: number): readonly string[] {
  return listed(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return []; // closed while we looked
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
