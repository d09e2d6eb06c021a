import { type PeerId, parsePeerId, type Role } from '@muster/ports';
import { dials } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { MemberInfo, RoutingTable } from '../table/routing-table.js';

export interface MemberLinksSetup {
  readonly peers: Peers;
  readonly table: RoutingTable;
  /** Whom this process talks to, coordinators apart: those are the member agent's. */
  readonly roles: readonly Role[];
}

/** Keeps links to the members in the table: dials those whom this process should dial, buries those known to be dead (K3). */
export class MemberLinks {
  private readonly setup: MemberLinksSetup;
  private readonly dialled = new Set<PeerId>();
  private known: readonly MemberInfo[] = [];
  private readonly release: () => void;

  constructor(setup: MemberLinksSetup) {
    this.setup = setup;
    this.release = setup.table.listen({ membersChanged: (members) => this.changed(members) });
    this.changed(setup.table.members());
  }

  stop(): void {
    this.release();
  }

  private changed(members: readonly MemberInfo[]): void {
    const { peers, roles } = this.setup;
    const living = members.filter(({ state }) => state !== 'dead');
    this.buryTheDead(members, living);
    this.known = members;
    const wanted = new Set<PeerId>();
    for (const { role, peer, address } of living) {
      if (!roles.includes(role) || peer === peers.self.peer || address === '') continue;
      if (!dials(peers.self, { role, peer })) continue;
      wanted.add(peer);
      peers.connect(peer, address);
    }
    for (const peer of [...this.dialled]) {
      if (wanted.has(peer)) continue;
      this.dialled.delete(peer);
      peers.disconnect(peer);
    }
    for (const peer of wanted) this.dialled.add(peer);
  }

  private buryTheDead(members: readonly MemberInfo[], living: readonly MemberInfo[]): void {
    const { peers } = this.setup;
    const names = new Map(living.map(({ peer }) => [parsePeerId(peer).id, peer]));
    const isReplaced = ({ peer }: MemberInfo): boolean => {
      const now = names.get(parsePeerId(peer).id);
      return now !== undefined && now !== peer;
    };
    const dead = members.filter(({ state }) => state === 'dead');
    for (const { peer } of living) peers.exhume(peer);
    for (const { peer } of dead) if (peer !== peers.self.peer) peers.bury(peer);
    for (const { peer } of this.known.filter(isReplaced)) if (peer !== peers.self.peer) peers.bury(peer, 'newer');
  }
}
