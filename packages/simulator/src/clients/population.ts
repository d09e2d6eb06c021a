import { accountView } from '@muster/play';
import type { Account, Millis, SeededRandom, Storage, VirtualClock } from '@muster/ports';
import { type Listener, SaidInPlaces } from '../checks/said.js';
import { Sessions } from '../checks/sessions.js';
import type { Report } from '../checks/violation.js';
import type { Fleet } from '../engine/fleet.js';
import type { Trace } from '../engine/trace.js';
import { Board } from '../gathering/board.js';
import { readChatText } from '../gathering/chat-text.js';
import { Gathering } from '../gathering/gathering.js';
import { GatewayRole } from '../roles/gateway.js';
import { Device } from './device.js';
import { Door, type GatewayAt } from './door.js';
import { type Entry, Ledger } from './ledger.js';
import { Listening } from './listening.js';
import { one, WORKLOAD_DEFAULTS, type Workload } from './workload.js';

export interface PopulationSetup {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly fleet: Fleet;
  readonly storage: Storage;
  readonly report: Report;
  readonly players: number;
  /** So many of them have a second device, which signs in as the same user somewhere. */
  readonly rivals: number;
  readonly clientLatencyMs: Millis;
  readonly retransmitMs: Millis;
  readonly workload: Partial<Workload>;
  readonly answered: (entry: Entry) => void;
  readonly quietSince: () => Millis;
  /** When what was in this entity's shard was last lost. */
  readonly lostAt: (entity: string) => Millis;
}

interface Acknowledged {
  readonly message: string;
  readonly from: string;
  readonly to: string;
  readonly at: Millis;
}

/** A message is `from:to:number`. */
function partiesOf(message: string): { readonly from: string; readonly to: string } {
  const [from, to] = message.split(':') as [string, string];
  return { from, to };
}

/** All clients, what they asked, and what they heard. */
export class Population {
  readonly ledger = new Ledger();
  readonly devices: Device[] = [];
  readonly listenings: Listening[] = [];
  /** Where players have met. */
  readonly board = new Board();
  readonly said: SaidInPlaces;
  private readonly setup: PopulationSetup;
  private readonly door: Door;
  private sessionCheck: Sessions | undefined;
  /** Messages to players, by player, heard or acknowledged while nothing was broken. */
  private readonly heard = new Set<string>();
  private readonly acknowledged: Acknowledged[] = [];

  constructor(setup: PopulationSetup) {
    const { clock, random, clientLatencyMs: latencyMs, retransmitMs } = setup;
    this.setup = setup;
    this.said = new SaidInPlaces({ now: () => clock.monotonic(), lostAt: (entity) => setup.lostAt(entity) });
    this.door = new Door({ clock, random: random.fork(), latencyMs, retransmitMs });
  }

  /** Makes the accounts; clients sign in spread over `withinMs`. */
  async populate(withinMs: Millis): Promise<void> {
    const { storage, players, rivals, random } = this.setup;
    const accounts: Account[] = [];
    for (let i = 1; i <= players; i += 1)
      accounts.push(await storage.accounts.create({ username: `player${i}`, displayName: `Player ${i}` }));
    const workload = this.workload(accounts);
    for (const account of accounts) this.add(`${account.id}a`, account, workload);
    for (const account of accounts.slice(0, rivals)) this.add(`${account.id}b`, account, workload);
    const { report, clock, quietSince } = this.setup;
    const lostAt = (player: string) => this.lostAt(player);
    this.sessionCheck = new Sessions(this.devices, { report, now: () => clock.monotonic(), lostAt, quietSince });
    for (const device of this.devices) device.come(withinMs * random.next());
  }

  /** The accounts are made. */
  get populated(): boolean {
    return this.sessionCheck !== undefined;
  }

  get superseded(): number {
    return this.sessionCheck?.superseded ?? 0;
  }

  tick(): void {
    this.sessionCheck?.tick();
  }

  /** Devices that must have an answer since `at` and have none. */
  unserved(at: Millis): readonly string[] {
    const served = this.served;
    // Of two devices of one player one is away at any time.
    const ok = new Set(this.devices.filter(({ id }) => (served.get(id) ?? -1) > at).map(({ player }) => player));
    return this.devices.filter(({ player }) => !ok.has(player)).map(({ id, state }) => `${id} (${state})`);
  }

  /**
   * Acknowledged messages that their receiver should have heard and has not: it listened since before they were sent, and neither
   * side's state was lost since. Of two devices of one player one is away at any time.
   */
  unheard(): readonly string[] {
    const steady = new Map<string, Listener>();
    for (const [i, device] of this.devices.entries()) {
      const { player, state } = device;
      const alone = this.devices.filter((other) => other.player === player).length === 1;
      if (alone && state === 'online') steady.set(player, { device, listening: this.listenings[i]! });
    }
    const isDue = ({ from, to, at }: Acknowledged): boolean =>
      (steady.get(to)?.listening.continuousSince ?? Number.POSITIVE_INFINITY) < at &&
      Math.max(this.lostAt(from), this.lostAt(to)) < at;
    const direct = this.acknowledged.filter((sent) => isDue(sent) && !this.heard.has(sent.message));
    return [...direct.map(({ message }) => message), ...this.said.unheard([...steady.values()])];
  }

  /** Entities that clients ask, or may. */
  entities(): readonly string[] {
    return this.devices.map(({ player }) => `player/${player}`);
  }

  rest(): void {
    for (const device of this.devices) device.rest();
  }

  private readonly served = new Map<string, Millis>();

  private workload(accounts: readonly Account[]): Workload {
    const numbers = new Map<string, number>();
    return {
      ...WORKLOAD_DEFAULTS,
      players: accounts.map(({ id }) => id),
      nextMessage: (from) => {
        const number = (numbers.get(from) ?? 0) + 1;
        numbers.set(from, number);
        return number;
      },
      ...this.setup.workload,
    };
  }

  private add(id: string, account: Account, workload: Workload): void {
    const { clock, random, fleet } = this.setup;
    const mine = random.fork();
    const now = () => clock.monotonic();
    const gathering = new Gathering({
      player: account.id,
      players: workload.players,
      board: this.board,
      random: workload.gatherShare > 0 ? random.fork() : mine,
      now,
      lostAt: (entity) => this.setup.lostAt(entity),
      heard: (message) => this.said.hears(account.id, message),
    });
    const listening = new Listening({
      talk: gathering.talk,
      now,
      player: account.id,
      lostAt: (player) => this.lostAt(player),
      heard: (message) => this.heard.add(message),
    });
    this.listenings.push(listening);
    const device = new Device({
      id,
      player: account.id,
      account: accountView(account),
      clock,
      random: mine,
      door: this.door,
      ledger: this.ledger,
      workload,
      listening,
      gathering,
      gateway: () => {
        const to = one(fleet.ids('gateway'), mine);
        return { id: to, at: this.gatewayAt(to) };
      },
      on: {
        online: (who) => this.online(who),
        offline: (who, code) => this.offline(who, code),
        answered: (who, entry) => this.answered(who, entry),
        wrong: (who, what) =>
          this.setup.report('clients see one stream, in order', `${who.id} at ${who.gateway}: ${what}`),
      },
    });
    this.devices.push(device);
  }

  private gatewayAt(id: string): GatewayAt | undefined {
    const member = this.setup.fleet.get(id);
    return member?.running instanceof GatewayRole ? { process: member.process, role: member.running } : undefined;
  }

  private online(device: Device): void {
    this.setup.trace.write(device.id, 'debug', 'client.online', { gateway: device.gateway });
    this.sessionCheck?.online(device);
  }

  private offline(device: Device, code: number): void {
    this.setup.trace.write(device.id, 'debug', 'client.offline', { gateway: device.gateway, code });
    this.sessionCheck?.offline(device, code);
    if (code === 1008 || code === 1003 || code === 1009 || code === 1013)
      this.setup.report(
        'clients that keep to the rules are not thrown out',
        `${device.id} at ${device.gateway}: ${code}`,
      );
  }

  private answered(device: Device, entry: Entry): void {
    const { trace, clock } = this.setup;
    if (entry.reason)
      trace.write(device.id, 'info', 'client.failure', {
        command: entry.commandId,
        reason: entry.reason,
        details: entry.details,
      });
    else {
      this.served.set(device.id, clock.monotonic());
      if (entry.message && readChatText(entry.message)) this.said.acknowledged(device.gathering, entry);
      else if (entry.message)
        this.acknowledged.push({ ...partiesOf(entry.message), message: entry.message, at: entry.sentAt });
    }
    this.sessionCheck?.answered(device, entry);
    this.setup.answered(entry);
  }

  private lostAt(player: string): Millis {
    return this.setup.lostAt(`player/${player}`);
  }
}
