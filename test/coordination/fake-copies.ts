import type { ComputeNode, ReportedChange, ShardRow } from '@muster/cluster';
import type { PeerId } from '@muster/ports';

/**
 * What a node says about the second places of its shards, in the place of its own replication: that every learner has caught up, or
 * what a test wants the leader to hear.
 */
export class FakeCopies {
  /** Learners take their time: nothing is said about them. */
  slow = false;
  /** Said to be lost, as backup or learner. */
  readonly lost = new Set<string>();
  /** Beats that carried a report. */
  reported = 0;

  constructor({ peers, table }: ComputeNode) {
    const send = peers.send.bind(peers);
    peers.send = (to, lane, envelope) => {
      if (envelope.type !== 'heartbeat') return send(to, lane, envelope);
      const own = table.allRows().filter(({ owner }) => owner === peers.self.peer);
      const reports = own.flatMap((row) => this.about(row));
      if (reports.length > 0) this.reported += 1;
      return send(to, lane, { ...envelope, body: { ...envelope.body, reports } });
    };
  }

  private about({ shard, term, backup, learner }: ShardRow) {
    const say = (what: ReportedChange, peer: PeerId | '') => (peer === '' ? [] : [{ shard, term, what, peer }]);
    return [
      ...(this.lost.has(backup) ? say('backup-lost', backup) : []),
      ...(this.lost.has(learner) ? say('backup-lost', learner) : []),
      ...(this.slow || this.lost.has(learner) ? [] : say('learner-in-sync', learner)),
    ];
  }
}
