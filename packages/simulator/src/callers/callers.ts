import { entity, type Millis, type SeededRandom, type VirtualClock } from '@muster/ports';
import type { AccountView } from '../actors/account.js';
import type { Rung } from '../actors/alarm.js';
import { Accounts } from '../checks/accounts.js';
import { Alarms } from '../checks/alarms.js';
import { Registers } from '../checks/registers.js';
import type { Report } from '../checks/violation.js';
import type { GatewayAt } from '../clients/door.js';
import type { Fleet } from '../engine/fleet.js';
import { GatewayRole } from '../roles/gateway.js';
import { Caller, type Told } from './caller.js';
import { ACTORS, Errands } from './errands.js';

export interface CallersSetup {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly fleet: Fleet;
  readonly report: Report;
  readonly latencyMs: Millis;
  readonly count: number;
  /** When what was in this entity's shard was lost, oldest first. */
  readonly lossesOf: (entity: string) => readonly Millis[];
}

const THINK_MIN_MS: Millis = 20;
const THINK_MS: Millis = 150;

/** Programs that command test actors, and what is checked of what they were told. */
export class Callers {
  readonly registers: Registers;
  readonly accounts: Accounts;
  readonly alarms: Alarms;
  private readonly setup: CallersSetup;
  private readonly errands: Errands;
  private readonly callers: Caller[] = [];
  private readonly auditor: Caller;
  private resting = false;

  constructor(setup: CallersSetup) {
    const { clock, random, report, lossesOf } = setup;
    const losses = (kind: string) => (id: string) => lossesOf(`${kind}/${id}`);
    const wasLost = (kind: string) => (id: string) => losses(kind)(id).length > 0;
    this.setup = setup;
    this.registers = new Registers({ report, lostAt: losses('register') });
    this.accounts = new Accounts({ report, wasLost: wasLost('account') });
    this.alarms = new Alarms({ report, wasLost: wasLost('alarm') });
    const { registers, accounts, alarms } = this;
    const now = () => clock.monotonic();
    this.errands = new Errands({ random: random.fork(), now, registers, accounts, alarms });
    for (let i = 1; i <= setup.count; i += 1) this.callers.push(this.newCaller(`caller-${i}`));
    this.auditor = this.newCaller('auditor');
  }

  /** Of all callers together. */
  get counts(): Caller['counts'] {
    const sum = { asked: 0, answered: 0, refused: 0, unknown: 0, attempts: 0 };
    for (const { counts } of this.callers)
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name];
    return sum;
  }

  /** Something is under way. */
  get busy(): boolean {
    return this.callers.some((caller) => caller.busy);
  }

  start(): void {
    for (const caller of this.callers) this.think(caller);
  }

  /** Nothing new is asked. */
  rest(): void {
    this.resting = true;
  }

  /** Entities that were asked something, or may have been. */
  *entities(): Iterable<string> {
    for (const [kind, count] of Object.entries(ACTORS))
      for (let i = 1; i <= count && kind !== 'pulse'; i += 1) yield `${kind}/${i}`;
  }

  /** Asks every actor what it has, and holds that against what callers were told. `wait` lets time pass. */
  async audit(wait: (what: string, done: () => boolean) => Promise<void>): Promise<void> {
    await wait('every caller is told', () => !this.busy);
    const accounts = new Map<string, AccountView>();
    const rung = new Map<string, readonly Rung[]>();
    for (let i = 1; i <= ACTORS.account; i += 1) {
      const seen = (view: unknown): boolean => (view as AccountView).underWay.length === 0;
      accounts.set(String(i), (await this.show('account', String(i), seen, wait)) as AccountView);
    }
    // Once nothing is under way anywhere: what came to an account that was read before it left the other.
    for (let i = 1; i <= ACTORS.account; i += 1)
      accounts.set(String(i), (await this.show('account', String(i), () => true, wait)) as AccountView);
    for (let i = 1; i <= ACTORS.alarm; i += 1) {
      const seen = (view: unknown): boolean => (view as { set: readonly string[] }).set.length === 0;
      const view = (await this.show('alarm', String(i), seen, wait)) as { readonly rung: readonly Rung[] };
      rung.set(String(i), view.rung);
    }
    this.registers.check();
    this.accounts.check(accounts);
    this.alarms.check(rung);
  }

  private async show(
    kind: string,
    id: string,
    isQuiet: (view: unknown) => boolean,
    wait: (what: string, done: () => boolean) => Promise<void>,
  ): Promise<unknown> {
    let view: unknown;
    await wait(`${kind}/${id} comes to rest`, () => {
      if (view !== undefined && isQuiet(view)) return true;
      if (!this.auditor.busy) {
        const told = (answer: Told): void => {
          if (answer.how === 'answered') view = answer.value;
        };
        this.auditor.ask({ entity: entity(kind, id), command: 'show', data: null, told });
      }
      return false;
    });
    return view;
  }

  private newCaller(id: string): Caller {
    const { clock, random, latencyMs, report, fleet } = this.setup;
    const mine = random.fork();
    const wrong = (what: string): void => report('no command fails for good', what);
    const gateway = (): GatewayAt | undefined => {
      const ids = fleet.ids('gateway');
      const member = fleet.get(ids[Math.floor(ids.length * mine.next())]!);
      const running = member?.running;
      return member?.started && running instanceof GatewayRole ? { process: member.process, role: running } : undefined;
    };
    return new Caller({ id, clock, random: mine, latencyMs, gateway, wrong });
  }

  private think(caller: Caller): void {
    const { clock, random } = this.setup;
    clock.after(THINK_MIN_MS - THINK_MS * Math.log(1 - random.next()), () => {
      if (this.resting) return;
      const errand = this.errands.next();
      caller.ask({
        ...errand,
        told: (told) => {
          errand.told(told);
          this.think(caller);
        },
      });
    });
  }
}
