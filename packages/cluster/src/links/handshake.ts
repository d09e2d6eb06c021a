// Who is on the other end. The dialler says Hello first, the acceptor answers with its own or with Goodbye and a reason; nothing
// else is taken before. A link is up when both Hellos were taken.
//
// Two links between the same pair: where both were dialled by the same side, the newer one counts (the other side noticed the loss of
// the older one first). Where both sides dialled at once, the one that the smaller peer id dialled counts: both come to the same answer.
import { MusterError, type PeerId, type Role, SHARD_HASH, SHARDS, type ShardLayout } from '@muster/ports';
import type { Hello, HelloInit } from '@muster/wire';

/** Raised with every change of the envelopes that an older process would misread. */
export const LINK_PROTOCOL = 2;

/** A process, as it introduced itself. */
export interface PeerInfo {
  readonly role: Role;
  readonly peer: PeerId;
  /** Where it listens; empty where it does not. */
  readonly address: string;
  readonly zone: string;
  readonly build: string;
}

export interface SelfInfo extends PeerInfo {
  readonly cluster: string;
  /** How its cluster is cut. Absent: {@link SHARDS}. */
  readonly shards?: ShardLayout;
}

const ROLES: readonly string[] = ['coordinator', 'node', 'gateway', 'relay', 'cli'] satisfies Role[];

export function helloOf({ cluster, role, peer, address, zone, build, shards = SHARDS }: SelfInfo): HelloInit {
  const { count } = shards;
  return { cluster, role, peer, address, zone, build, protocol: LINK_PROTOCOL, shards: count, hash: SHARD_HASH };
}

/** The peer behind a Hello. @throws MusterError UNKNOWN_PEER with what does not fit. */
export function readHello(hello: Hello, self: SelfInfo): PeerInfo {
  const { cluster, role, peer, address, zone, build } = hello;
  const refuse = (cause: string) => new MusterError('UNKNOWN_PEER', { peer: peer.slice(0, 160), cause });
  if (cluster !== self.cluster) throw refuse(`it belongs to cluster ${cluster.slice(0, 64)}`);
  if (hello.protocol !== LINK_PROTOCOL) throw refuse(`it speaks protocol ${hello.protocol}, not ${LINK_PROTOCOL}`);
  const { count } = self.shards ?? SHARDS;
  if (hello.shards !== count || hello.hash !== SHARD_HASH)
    throw refuse(`it has ${hello.shards} shards by ${hello.hash.slice(0, 32)}, not ${count} by ${SHARD_HASH}`);
  if (!ROLES.includes(role)) throw refuse(`it has the role ${role.slice(0, 32)}`);
  if (!/^[^#\s]{1,120}#[^#\s]{1,40}$/.test(peer)) throw refuse('its name is not id#incarnation');
  if (peer === self.peer) throw refuse('it has the name of this process');
  return { role: role as Role, peer: peer as PeerId, address, zone, build };
}

/** Who dials: gateways dial nodes, everybody dials coordinators, within a role the smaller peer id dials the larger. */
export function dials(
  self: { readonly role: Role; readonly peer: PeerId },
  other: { readonly role: Role; readonly peer: PeerId },
): boolean {
  if (self.role === other.role) return self.peer < other.peer;
  return rank(self.role) < rank(other.role);
}

/** Whether a second link to a peer takes the place of the first. */
export function secondCounts(
  first: { readonly dialled: boolean },
  second: { readonly dialled: boolean },
  smaller: boolean,
): boolean {
  return first.dialled === second.dialled || second.dialled === smaller;
}

function rank(role: Role): number {
  return { cli: 0, relay: 1, gateway: 2, node: 3, coordinator: 4 }[role];
}
