import type { Clock, Counter, Log, Metrics, Random, Tracer } from '@muster/ports';
import type { AwakeningPace } from './awakening-pace.js';
import type { Outlet } from './host.js';
import type { Loads } from './loads.js';
import type { RuntimeOptions } from './options.js';
import type { Restarts } from './restarts.js';
import type { RuntimeRules } from './rules.js';
import type { LocalScheduler } from './scheduler.js';
import type { SubscriberIndex } from './subscriber-index.js';
import type { TimerWheel } from './timer-wheel.js';

/** What all actors of one runtime share. */
export interface Services {
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: LocalScheduler;
  readonly outlet: Outlet;
  readonly log: Log;
  readonly tracer: Tracer;
  readonly options: RuntimeOptions;
  readonly rules: RuntimeRules;
  readonly wheel: TimerWheel;
  readonly loads: Loads;
  readonly pace: AwakeningPace;
  readonly restarts: Restarts;
  readonly subscribers: SubscriberIndex;
  readonly counters: RuntimeCounters;
  /** Looks whether the fence has fallen unnoticed: before each batch of work, because timers come late after a stop. */
  readonly checkFence: () => void;
  /** The self-fence: ungated actors stand still. */
  frozen: boolean;
  /** Commands in mailboxes. */
  mailboxed: number;
}

export interface RuntimeCounters {
  /** Turns taken: commands, answers, timers. */
  readonly turns: Counter;
  /** Commands answered without a turn, by error code. */
  readonly refused: Counter;
  /** What went nowhere, by reason. */
  readonly dropped: Counter;
  /** User code that threw, by part: decide, evolve, reply, publish, load, restore, save, service. */
  readonly failures: Counter;
  readonly slowTurns: Counter;
  readonly activations: Counter;
  /** By end: parked, forgotten, broken. */
  readonly passivations: Counter;
  /** Repeated requests that got their first reply, by origin. */
  readonly repeats: Counter;
  readonly resends: Counter;
  readonly timersFired: Counter;
  readonly records: Counter;
  readonly publications: Counter;
  /** Commands of services that were begun, by kind. */
  readonly serviceCalls: Counter;
  /** Actors of which a subscriber had seen what is not in their state. */
  readonly stateLost: Counter;
}

export function runtimeCounters(metrics: Metrics): RuntimeCounters {
  const counter = (name: string, help: string): Counter => metrics.counter(`muster_runtime_${name}_total`, help);
  return {
    turns: counter('turns', 'Turns taken by actors'),
    refused: counter('refused', 'Commands answered with an error before a turn, by code'),
    dropped: counter('dropped', 'Messages that went nowhere, by reason'),
    failures: counter('failures', 'Exceptions of actor code, by part'),
    slowTurns: counter('slow_turns', 'Turns that held the event loop too long'),
    activations: counter('activations', 'Actors brought into memory'),
    passivations: counter('passivations', 'Actors that left memory, by how'),
    repeats: counter('repeats', 'Repeated commands answered with their first reply'),
    resends: counter('resends', 'Sends repeated because no answer came'),
    timersFired: counter('timers_fired', 'Timers of actors that fired'),
    records: counter('records', 'Turn records appended'),
    publications: counter('publications', 'Events handed to subscribers'),
    serviceCalls: counter('service_calls', 'Commands of services that were begun, by kind'),
    stateLost: metrics.counter('muster_state_lost_total', 'Actors that are known to have lost what was acknowledged'),
  };
}
