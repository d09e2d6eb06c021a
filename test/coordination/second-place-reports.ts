import type { ComputeNode } from '@muster/cluster';

/** A node's reports about the second places of its shards, on their way to the coordinators: a test may hold some back, or say more. */
export class SecondPlaceReports {
  /** Learners take their time: nothing is said about them. */
  slow = false;
  /** Said to be lost, as backup or learner. */
  readonly lost = new Set<string>();

  constructor({ peers, table }: ComputeNode) {
    const send = peers.send.bind(peers);
    peers.send = (to, lane, envelope) => {
      if (envelope.type !== 'heartbeat') return send(to, lane, envelope);
      const honest = (envelope.body.reports ?? []).filter(
        ({ what, peer }) => !(what === 'learner-in-sync' && (this.slow || this.lost.has(peer ?? ''))),
      );
      const own = table.allRows().filter(({ owner }) => owner === peers.self.peer);
      const said = own.flatMap(({ shard, term, backup, learner }) =>
        [backup, learner].flatMap((peer) =>
          this.lost.has(peer) ? [{ shard, term, what: 'backup-lost' as const, peer }] : [],
        ),
      );
      return send(to, lane, { ...envelope, body: { ...envelope.body, reports: [...honest, ...said] } });
    };
  }
}
