import type { Socket } from 'node:net';
import { Pipe } from './pipe.js';
import { type LinkRules, UNTOUCHED } from './rules.js';

export interface ProxiedConnectionSetup {
  /** Asked when it matters: looking costs more the more sockets the machine has, and while somebody dials again and again it has many. Empty: not known. */
  readonly dialledBy: () => string;
  readonly target: string;
  /** From the dialler to us, and from us to the target; both half-open sockets. */
  readonly near: Socket;
  readonly far: Socket;
  readonly rules: LinkRules;
  /** The target's side ended. Resolves when it is known whether anybody listens there, and dialling says the same. */
  readonly farEnded: () => Promise<void>;
  readonly closed: () => void;
}

type Ending = 'end' | 'reset';

/** One connection through the proxy: two ways, each treated by the rules of its direction. */
export class ProxiedConnection {
  readonly target: string;
  private knownDialler = '';
  private readonly setup: ProxiedConnectionSetup;
  private readonly up: Pipe;
  private readonly down: Pipe;
  private isOver = false;

  constructor(setup: ProxiedConnectionSetup) {
    const { target, near, far, rules } = setup;
    this.setup = setup;
    this.target = target;
    this.up = new Pipe({
      source: near,
      target: far,
      treatment: () => (rules.isEmpty ? UNTOUCHED : rules.of(this.dialler, target)),
      passage: () => (rules.isEmpty ? undefined : rules.passage(this.dialler, target)),
    });
    this.down = new Pipe({
      source: far,
      target: near,
      treatment: () => (rules.isEmpty ? UNTOUCHED : rules.of(target, this.dialler)),
      passage: () => (rules.isEmpty ? undefined : rules.passage(target, this.dialler)),
    });
    near.on('end', () => this.nearEnds('end'));
    near.on('error', () => this.nearEnds('reset'));
    far.on('end', () => void setup.farEnded().then(() => this.farEnds('end')));
    far.on('error', () => void setup.farEnded().then(() => this.farEnds('reset')));
    for (const socket of [near, far]) socket.on('close', () => this.looksOver());
  }

  get dialler(): string {
    this.knownDialler ||= this.setup.dialledBy();
    return this.knownDialler;
  }

  /** Bytes were swallowed in a direction. */
  get hasGap(): boolean {
    return this.up.hasGap || this.down.hasGap;
  }

  /** Both sides see a reset. */
  reset(): void {
    for (const socket of [this.setup.near, this.setup.far]) if (!socket.destroyed) socket.resetAndDestroy();
    this.looksOver();
  }

  private nearEnds(how: Ending): void {
    pass(this.up, this.setup.far, how);
  }

  private farEnds(how: Ending): void {
    pass(this.down, this.setup.near, how);
  }

  private looksOver(): void {
    const { near, far, closed } = this.setup;
    if (this.isOver || !near.destroyed || !far.destroyed) return;
    this.isOver = true;
    this.up.stop();
    this.down.stop();
    closed();
  }
}

/** Tells `socket` how the other side ended, unless nothing gets through that way. */
function pass(pipe: Pipe, socket: Socket, how: Ending): void {
  if (how === 'end' || pipe.isSilent) pipe.end();
  else if (!socket.destroyed) socket.resetAndDestroy();
}
