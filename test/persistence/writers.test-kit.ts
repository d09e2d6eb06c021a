import { LayeredLog, type LogStart, type PersistenceOptions, type SavedText, StorageWriter } from '@muster/cluster';
import {
  type ClaimAnswer,
  MemoryCommitLog,
  MemoryMetrics,
  SeededRandom,
  type ShardId,
  shardId,
  silentLog,
  term,
  VirtualClock,
} from '@muster/ports';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';

export const SHARD = shardId(7);

/** One storage and any number of processes that write into it. */
export function world(options: Partial<PersistenceOptions> = {}) {
  const clock = new VirtualClock();
  const server = new MemoryShardServer({ clock });
  const process = () => {
    const store = new MemoryShardStore({ clock, server });
    const metrics = new MemoryMetrics();
    const ended: string[] = [];
    const found: ClaimAnswer['before'][] = [];
    const logs = new StorageWriter({
      store,
      clock,
      random: new SeededRandom(1),
      metrics,
      log: silentLog,
      options,
      on: {
        claimed: (_, { before }) => found.push(before),
        unstorable: ({ shard }, entities) => ended.push(`${shard} cannot take ${entities}`),
        refused: ({ shard, term: asTerm }, refused) => ended.push(`${shard}@${asTerm} ${refused}`),
      },
    });
    const open = (asTerm: number, shard: ShardId = SHARD, given: Partial<LogStart> = {}) => {
      let woken = 0;
      const left: string[] = [];
      /** What the actors of this owner are, as far as they are to be stored whole. */
      const whole = new Map<string, SavedText | 'unreadable'>();
      const saved = (entity: string) => whole.get(entity);
      const start = { shard, term: term(asTerm), standing: 'gated', start: 0, isSure: false, saved, ...given } as const;
      const stored = logs.begin(start);
      const log = new LayeredLog(new MemoryCommitLog(), stored, () => {
        woken += 1;
      });
      let turns = 0;
      const turn = (word = `turn ${turns + 1}`, entity = 'a/1') => {
        turns += 1;
        log.append({ entity, seq: turns, entries: [{ word }] });
        log.onDurable(log.end, () => left.push(word));
      };
      const read = (word: string) => log.onDurable(log.end, () => left.push(word));
      return { log, stored, left, turn, read, whole, woken: () => woken };
    };
    return { store, logs, metrics, ended, found, open };
  };
  const stored = (shard: ShardId = SHARD) => server.rowsIn(shard).map(({ seq }) => seq);
  return { clock, server, process, stored };
}
