// One client program of one player: signs in at some gateway, asks, listens, loses its connection, comes back.
//
//   away ──► connecting ──(user/self)──► online ──(closed, broken, dropped)──► away
//
// It keeps to the rules that real clients keep to: nothing is asked before `user/self` came, a few requests at a time, less than
// the limit of messages per second, and back after a pause. Another device of the same player may take its session over.
import type { AccountView } from '@muster/play';
import type { Millis, PlayerId, SeededRandom, Timer, VirtualClock } from '@muster/ports';
import { requestFrame } from '@muster/tachyon';
import type { Gathering } from '../gathering/gathering.js';
import type { ClientEnd, Door, GatewayAt } from './door.js';
import type { Entry, Ledger } from './ledger.js';
import type { Listening, Received } from './listening.js';
import { nextRequest, type Workload } from './workload.js';

export interface DeviceEvents {
  /** `user/self` came on a new connection. */
  online(device: Device): void;
  offline(device: Device, code: number): void;
  answered(device: Device, entry: Entry): void;
  /** Something that no server may do. */
  wrong(device: Device, what: string): void;
}

export interface DeviceSetup {
  readonly id: string;
  readonly player: PlayerId;
  readonly account: AccountView;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly door: Door;
  readonly ledger: Ledger;
  readonly workload: Workload;
  readonly listening: Listening;
  readonly gathering: Gathering;
  /** A gateway to try; undefined: none runs. */
  readonly gateway: () => { readonly id: string; readonly at: GatewayAt | undefined };
  readonly on: DeviceEvents;
}

interface ServerMessage {
  readonly type: 'response' | 'event' | 'request';
  readonly messageId: string;
  readonly commandId: string;
  readonly status?: 'success' | 'failed';
  readonly reason?: string;
  readonly details?: string;
  readonly data?: unknown;
}

/** Requests under way at once: a gateway that was paused gets no more than these in one go. */
const PIPELINED_MAX = 4;
const COME_BACK_MIN_MS: Millis = 50;
/** A subscription that failed is asked for again after this. */
const LISTEN_AGAIN_MS: Millis = 500;
const COME_BACK_MAX_MS: Millis = 1_000;
const NORMAL = 1000;

export class Device {
  readonly id: string;
  readonly player: PlayerId;
  readonly gathering: Gathering;
  state: 'away' | 'connecting' | 'online' = 'away';
  /** When this connection was begun, and when `user/self` came on it. */
  startedAt: Millis = 0;
  onlineAt: Millis = 0;
  gateway = '';
  private readonly setup: DeviceSetup;
  private socket: ClientEnd | undefined;
  private sockets = 0;
  private messages = 0;
  private underWay = 0;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(setup: DeviceSetup) {
    this.setup = setup;
    this.id = setup.id;
    this.player = setup.player;
    this.gathering = setup.gathering;
  }

  /** Signs in after `delayMs`. */
  come(delayMs: Millis): void {
    this.wait(delayMs, () => this.connect());
  }

  /** Asks no more; answers still count. */
  rest(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  resume(): void {
    if (!this.stopped) return;
    this.stopped = false;
    if (this.state === 'away') this.come(0);
    else this.thinkThenAsk();
  }

  /** Its network breaks. */
  drop(): void {
    if (this.state === 'away') return;
    this.socket?.drop();
    this.gone(1006);
  }

  private connect(): void {
    const { door, gateway, player, account, clock, listening } = this.setup;
    const { id, at } = gateway();
    this.sockets += 1;
    const number = this.sockets;
    this.state = 'connecting';
    this.startedAt = clock.monotonic();
    listening.connecting();
    this.gathering.view.connecting();
    this.gateway = id;
    this.socket = door.connect(
      this.id,
      at,
      { role: 'player', playerId: player, account },
      {
        frame: (text) => {
          if (number === this.sockets) this.receive(JSON.parse(text) as ServerMessage);
        },
        closed: (code) => {
          if (number === this.sockets) this.gone(code);
        },
      },
    );
  }

  private gone(code: number): void {
    const { ledger, clock, random, on } = this.setup;
    this.state = 'away';
    this.sockets += 1;
    this.socket = undefined;
    this.underWay = 0;
    ledger.lost(this.id, clock.monotonic());
    on.offline(this, code);
    // Closed in order: another device of this player signed in, or it asked to go itself. It is a while before somebody tries again.
    const pause = code === NORMAL ? 3_000 : COME_BACK_MIN_MS;
    if (!this.stopped) this.come(pause + COME_BACK_MAX_MS * random.next());
  }

  private receive(message: ServerMessage): void {
    if (message.type === 'response') this.response(message);
    else if (this.state === 'connecting' && message.commandId !== 'user/self')
      this.setup.on.wrong(this, `${message.commandId} before user/self`);
    else this.event(message);
  }

  private event({ commandId, data }: ServerMessage): void {
    const { clock, on, listening } = this.setup;
    const misfit = this.gathering.view.event(commandId, data);
    if (misfit) on.wrong(this, misfit);
    if (commandId === 'messaging/received') {
      const wrong = listening.received(data as Received);
      if (wrong) on.wrong(this, wrong);
    } else if (commandId === 'user/self') {
      const isFirst = this.state === 'connecting';
      if (isFirst) {
        this.state = 'online';
        this.onlineAt = clock.monotonic();
        on.online(this);
      }
      // A view that starts afresh goes on with what was heard last (K16), unless the session's wish to hear may be lost.
      if (isFirst || listening.mayBeDeaf()) this.ask('messaging/subscribeReceived', listening.subscription());
      if (isFirst) this.thinkThenAsk();
    }
  }

  private response({ messageId, commandId, status, reason, details, data }: ServerMessage): void {
    const { clock, ledger, on, listening } = this.setup;
    const failure = status === 'success' ? '' : (reason ?? 'no reason');
    const entry = ledger.answered(this.id, messageId, clock.monotonic(), failure, details ?? '');
    if (!entry || entry.commandId !== commandId) {
      on.wrong(this, `a response to ${messageId} (${commandId}), which waits for none`);
      return;
    }
    this.underWay -= 1;
    this.gathering.answered(messageId, failure, data);
    // Who somebody is, others say, and the numbers of all of it the gateway.
    if (failure === '' && commandId !== 'user/info' && commandId !== 'system/serverStats') listening.served();
    if (commandId === 'messaging/subscribeReceived') {
      if (failure === '')
        listening.subscribed(messageId, (data as { readonly hasMissedMessages: boolean }).hasMissedMessages);
      else this.listenAgain(this.sockets);
    }
    on.answered(this, entry);
  }

  /** It was told to try again: who is not subscribed hears nothing. */
  private listenAgain(socket: number): void {
    this.setup.clock.after(LISTEN_AGAIN_MS, () => {
      if (socket === this.sockets) this.ask('messaging/subscribeReceived', this.setup.listening.subscription());
    });
  }

  private thinkThenAsk(): void {
    const { random, workload } = this.setup;
    this.wait(workload.thinkMinMs - workload.thinkMs * Math.log(1 - random.next()), () => {
      if (this.state !== 'online') return;
      if (random.next() < workload.dropShare) {
        this.drop();
        return;
      }
      if (this.underWay < PIPELINED_MAX) {
        const gathers = workload.gatherShare > 0 && random.next() < workload.gatherShare;
        const request = gathers ? this.gathering.next() : nextRequest(workload, random, this.player);
        this.ask(request.commandId, request.data);
      }
      this.thinkThenAsk();
    });
  }

  private ask(commandId: string, data: unknown): void {
    const { clock, ledger, listening } = this.setup;
    if (!this.socket || this.state !== 'online') return;
    this.messages += 1;
    this.underWay += 1;
    const messageId = `${this.id}.${this.messages}`;
    ledger.sent({
      device: this.id,
      player: this.player,
      socket: this.sockets,
      gateway: this.gateway,
      messageId,
      commandId,
      sentAt: clock.monotonic(),
      message: (data as { readonly message?: string } | undefined)?.message,
    });
    if (commandId === 'messaging/subscribeReceived') listening.asked(messageId);
    this.gathering.view.requested(messageId, commandId, data);
    this.socket.send(requestFrame(messageId, commandId, data === undefined ? undefined : JSON.stringify(data)));
  }

  private wait(delayMs: Millis, run: () => void): void {
    this.timer?.cancel();
    this.timer = this.setup.clock.after(delayMs, () => {
      if (!this.stopped) run();
    });
  }
}
