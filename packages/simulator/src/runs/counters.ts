import type { MemoryMetrics } from '@muster/ports';
import type { PlacesView } from '../gathering/places-view.js';
import type { World } from '../world.js';

/** Every metric that was asked for, by its whole name: a test holds them against the reference page. */
export const COUNTED_METRICS = new Set<string>();

/** How often what happened over all runs so far: a mechanism that no run ever used was not tested. */
export class Counters {
  private readonly totals = new Map<string, number>();

  /** Adds what happened in this world. */
  take(world: World): void {
    for (const [name, value] of Object.entries(countersOf(world))) this.add(name, value);
  }

  add(name: string, value: number): void {
    this.totals.set(name, (this.totals.get(name) ?? 0) + value);
  }

  /** How often this happened so far. */
  count(name: string): number {
    return this.totals.get(name) ?? 0;
  }

  /** Names of what never happened, though it should have. */
  get unused(): readonly string[] {
    return [...this.totals].filter(([, value]) => value === 0).map(([name]) => name);
  }

  lines(): readonly string[] {
    return [...this.totals].map(([name, value]) => `  ${name.padEnd(44)} ${Math.round(value)}`);
  }
}

function countersOf(world: World): Readonly<Record<string, number>> {
  const members = world.everybody();
  const metric = (name: string, labels: Readonly<Record<string, string>> = {}): number => {
    COUNTED_METRICS.add(`muster_${name}`);
    return members.reduce((sum, { process }) => sum + sumOf(process.metrics, `muster_${name}`, labels), 0);
  };
  const { trace, network, clients, answers, writers, callers, ungated, operator } = world;
  const { registers, accounts, alarms } = callers;
  const { sent, succeeded, lost } = clients.ledger.counts;
  const sumOfViews = (count: (view: PlacesView) => number): number =>
    clients.devices.reduce((sum, { gathering }) => sum + count(gathering.view), 0);
  const elections = (result: string): number => metric('coordinator_elections_total', { result });
  const deaths = (cause: string): number => metric('coordinator_deaths_total', { cause });
  const placed = (why: string): number => metric('coordinator_shards_changed_total', { change: 'placed', why });
  const second = (change: string): number => metric('coordinator_shards_changed_total', { change });
  const moves = (end: string): number => metric('coordinator_moves_total', { end });
  const carvings = (end: string): number => metric('coordinator_carvings_total', { end });
  const seals = (end: string): number => metric('handoff_seals_total', { end });
  const attaches = (how: string): number => metric('gateway_attaches_total', { how });
  return {
    'take-overs by refusal': elections('refused'),
    'take-overs by silence': elections('silent'),
    'take-overs from one that resigned': elections('resigned'),
    'take-overs from a former self': elections('former'),
    'leaders deposed': elections('deposed'),
    'deaths by refusal': deaths('refused'),
    'deaths by silence': deaths('silent'),
    'deaths by a new incarnation': deaths('replaced'),
    'members that found themselves replaced': trace.count('process.ends'),
    'shards promoted': second('promoted'),
    'shards that lost their backup': second('lost'),
    'backups that are new': second('ready'),
    'shards whose state was lost': world.losses.count,
    'shards placed after a death': placed('dead') + placed('unowned'),
    'shards given to a joiner': placed('join'),
    'actors loaded from storage': metric('persistence_loaded_total'),
    'shards that may lack something': metric('state_may_lack_total'),
    'logs that storage ended': metric('persistence_refused_total'),
    'shards parked': second('parked'),
    'moves begun': moves('begun'),
    'moves done': moves('moved'),
    'moves done for balance': metric('coordinator_moves_total', { end: 'moved', why: 'balance' }),
    'moves given up: the source died': moves('source-died'),
    'moves given up: the target died': moves('target-died'),
    'moves given up: overtaken': moves('overtaken'),
    'moves given up: too slow': moves('too-slow') + moves('no-answer'),
    'moves given up: the source asked': moves('asked'),
    'seals handed over': seals('handed-over'),
    'seals reopened': seals('reopened'),
    'seals overtaken': seals('overtaken'),
    'hand-overs that lacked something': metric('handoff_taken_total', { code: 'GAP' }),
    'learners switched': trace.count('backups.learning'),
    'copies that followed to the next owner': metric('replication_continued_total'),
    'records of an older term refused by a copy': metric('replication_refused_total', { code: 'STALE_TERM' }),
    'copies seeded again after a gap': metric('replication_refused_total', { code: 'GAP' }),
    'storage writes of an older term refused': metric('shard_store_refused_total', { reason: 'STALE_TERM' }),
    'storage calls that failed': metric('persistence_failures_total'),
    'solo shards carved': metric('coordinator_shards_changed_total', { change: 'carved' }),
    'entities that came home': metric('coordinator_shards_changed_total', { change: 'joined' }),
    'carvings given up': metric('coordinator_carvings_total') - carvings('begun') - carvings('carved'),
    'strays let go': trace.count('carving.stray'),
    'orders of operators taken': operator.counts.taken,
    'orders of operators refused': operator.counts.refused,
    'self-fences': metric('member_events_total', { what: 'freeze' }),
    'commands refused by a fence': metric('runtime_refused_total', { code: 'SELF_FENCED' }),
    'table pushes of an older epoch': metric('member_events_total', { what: 'table-of-older-epoch' }),
    'redirects (not the owner)': metric('router_bounced_total', { code: 'NOT_OWNER' }),
    'redirects (shard moving)': metric('router_bounced_total', { code: 'SHARD_MOVING' }),
    'flights of held commands': metric('router_flights_total'),
    'commands sent again': metric('router_resent_total'),
    'repeated requests with their first reply': metric('runtime_repeats_total'),
    'sends repeated': metric('runtime_resends_total'),
    'stale answers dropped': metric('router_replies_dropped_total', { reason: 'stale' }),
    'late answers dropped': metric('router_replies_dropped_total', { reason: 'late' }),
    'stale events dropped':
      metric('streams_dropped_total', { reason: 'old-term' }) + metric('streams_dropped_total', { reason: 'stranger' }),
    'repeated events dropped': metric('streams_dropped_total', { reason: 'repeated' }),
    'gaps in event streams': metric('streams_dropped_total', { reason: 'after-gap' }),
    'sessions new': attaches('new'),
    'sessions re-attached': attaches('resumed'),
    'sessions restored after state was lost': attaches('restored'),
    'attaches that had to be repeated': attaches('failed'),
    'sessions superseded': clients.superseded,
    'store: put back to a snapshot': trace.count('store.restore'),
    'store: written again by its leader': trace.count('regime.store-went-back'),
    'store: found older than storage': trace.count('regime.store-is-older'),
    'store: unknown outcomes': trace.count('store.outcome-unknown'),
    'store: calls refused or timed out': trace.count('store.unavailable'),
    'store: leases lost': trace.count('store.lease-expired'),
    'store: lost watch events told': trace.count('store.watch-gap'),
    'connections refused': network.counts.refused,
    'connections broken': network.counts.resets,
    'frames between processes': network.counts.frames,
    'turns with records': writers.counts.records,
    'client requests': sent,
    'client requests answered': succeeded,
    'client requests lost with their socket': lost,
    'client requests failed, excused': answers.excused,
    'register operations': registers.counts.operations,
    'register operations of unknown outcome': registers.counts.unknown,
    'transfers between accounts': accounts.counts.transfers,
    'records held against storage': world.freshness.counts.shown,
    'records that storage was late with, excused': world.freshness.counts.excused,
    'alarms that rang': alarms.counts.heard,
    'acts of ungated actors': ungated.acts,
    'ungated actors that went on elsewhere': ungated.successions,
    'requests of callers asked again': callers.counts.attempts - callers.counts.asked,
    'lobbies opened': clients.board.lobbies.size,
    'parties made': clients.board.parties.size,
    'changes of lobbies that members heard': sumOfViews((view) => view.counts.updates),
    'words of parties': sumOfViews((view) => view.counts.parties),
    'lists of lobbies': sumOfViews((view) => view.counts.lists),
    'words in chats that somebody had to hear': clients.said.due,
    'messages heard': clients.listenings.reduce((sum, { count }) => sum + count, 0),
  };
}

/** Over all label sets that contain these. */
function sumOf(metrics: MemoryMetrics, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let sum = 0;
  for (const [key, value] of metrics.all())
    if ((key === name || key.startsWith(`${name}{`)) && wanted.every((part) => key.includes(part))) sum += value;
  return sum;
}
