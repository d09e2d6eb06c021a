import type { AdminArguments, AdminCommand, AdminResults, ClusterEvent, FollowDocument } from '@muster/coordinator';
import type { Command } from 'commander';
import { AdminClient } from './admin-client.js';
import { EXIT, Failure } from './failure.js';
import { follow } from './follow.js';
import { coloured, type Paint, plain } from './format/paint.js';
import type { CliOptions } from './options.js';
import { type RolloutRole, rollout } from './rollout.js';
import type { Terminal } from './terminal.js';
import { eventLine } from './views/events.js';
import { rolloutLine } from './views/rollout.js';
import type { View } from './views/view.js';
import { type Ask, eventually } from './waiting.js';

/** What every command takes, wherever it stands on the line. */
interface Flags {
  readonly admin: URL[];
  readonly json?: true;
  readonly color: boolean;
  readonly timeout: number;
}

export interface RolloutFlags {
  readonly roles: readonly RolloutRole[];
  readonly from?: string;
  readonly force: boolean;
  readonly stepTimeout: number;
}

/** How an order is waited for. */
export interface Wait<Order, Done> {
  /** What went wrong when it takes too long: the beginning of a sentence. */
  readonly late: (order: Order) => string;
  readonly look: (ask: Ask, order: Order) => Promise<Done | undefined>;
  readonly said: (done: Done, ms: number, paint: Paint) => string;
  /** @throws Failure where the end is not what was ordered. */
  readonly check?: (done: Done) => void;
}

/** Runs one command: asks, then prints the document or the view of it. */
export class Asking {
  private readonly terminal: Terminal;
  private readonly defaults: CliOptions;

  constructor(terminal: Terminal, defaults: CliOptions) {
    this.terminal = terminal;
    this.defaults = defaults;
  }

  async show<Name extends AdminCommand>(
    at: Command,
    name: Name,
    args: AdminArguments[Name],
    view: View<AdminResults[Name]>,
  ): Promise<void> {
    const { terminal } = this;
    const flags = at.optsWithGlobals<Flags>();
    const { client, options } = this.connection(flags);
    const text = await client.call(name, args).catch((error: unknown) => {
      throw withAdvice(error, name);
    });
    if (flags.json) return terminal.out(`${text.trimEnd()}\n`);
    const page = rendered(() =>
      view(JSON.parse(text) as AdminResults[Name], {
        paint: this.paint(flags),
        nowMs: terminal.nowMs(),
        stateLinesMax: options.stateLinesMax,
      }),
    );
    terminal.out(`${page.lines.map((line) => line.trimEnd()).join('\n')}\n`);
    if (page.next.length > 0) terminal.err(`\nnext: ${page.next.join(' · ')}\n`);
  }

  /** Gives an order, then waits, where that was asked for, until `look` has an answer; `undefined`: not yet. */
  async order<Name extends AdminCommand, Done>(
    at: Command,
    name: Name,
    args: AdminArguments[Name],
    view: View<AdminResults[Name]>,
    wait: Wait<AdminResults[Name], Done>,
  ): Promise<void> {
    const { terminal } = this;
    const flags = at.optsWithGlobals<Flags & { readonly wait?: number }>();
    const { client, options } = this.connection(flags);
    const ask: Ask = async (command, given) => JSON.parse(await client.call(command, given));
    const order = await ask(name, args).catch((error: unknown) => {
      throw withAdvice(error, name);
    });
    const paint = this.paint(flags);
    const context = { paint, nowMs: terminal.nowMs(), stateLinesMax: options.stateLinesMax };
    const say = (line: string, document: unknown): void =>
      terminal.out(`${flags.json ? JSON.stringify(document) : line}\n`);
    const page = view(order, context);
    say(page.lines.join('\n'), order);
    if (flags.wait === undefined) {
      if (!flags.json && page.next.length > 0) terminal.err(`\nnext: ${page.next.join(' · ')}\n`);
      return;
    }
    const from = performance.now();
    const { pollMs } = options;
    const done = await eventually({ pollMs, ends: terminal.ended() }, from + flags.wait, wait.late(order), () =>
      wait.look(ask, order),
    );
    say(wait.said(done, Math.round(performance.now() - from), paint), done);
    wait.check?.(done);
  }

  async events(at: Command): Promise<void> {
    const { terminal } = this;
    const flags = at.optsWithGlobals<Flags>();
    const paint = this.paint(flags);
    const notice = (text: string): void => terminal.err(`musterctl: ${text}\n`);
    let epoch = 0;
    await follow({
      ...this.connection(flags),
      ends: terminal.ended(),
      event: (text) => {
        const event = JSON.parse(text) as ClusterEvent | FollowDocument;
        if ('following' in event || (epoch > 0 && event.epoch > epoch)) {
          notice(`another leader is followed, in epoch ${event.epoch}: events in between may be missing`);
        }
        epoch = Math.max(epoch, event.epoch);
        if ('following' in event) return;
        terminal.out(`${flags.json ? text : rendered(() => eventLine(event, paint))}\n`);
      },
      notice,
    });
  }

  async rollout(at: Command, { roles, from, force, stepTimeout }: RolloutFlags): Promise<void> {
    const { terminal } = this;
    const flags = at.optsWithGlobals<Flags>();
    const paint = this.paint(flags);
    const { client, options } = this.connection(flags);
    await rollout({
      ask: async (command, args) => JSON.parse(await client.call(command, args)),
      progress: (one) => terminal.out(`${flags.json ? JSON.stringify(one) : rolloutLine(one, paint)}\n`),
      roles,
      from,
      force,
      stepTimeoutMs: stepTimeout,
      restMs: options.restMs,
      pollMs: options.pollMs,
      ends: terminal.ended(),
    });
  }

  private connection({ admin, timeout }: Flags): { client: AdminClient; options: CliOptions } {
    const options = { ...this.defaults, timeoutMs: timeout };
    return { client: new AdminClient({ urls: admin, options }), options };
  }

  private paint({ color }: Flags): Paint {
    return this.terminal.colours && color ? coloured : plain;
  }
}

/** A document that a view cannot read is another version's; its JSON still says everything. */
function rendered<Text>(render: () => Text): Text {
  try {
    return render();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const hint = '--json shows it as it is';
    throw new Failure(EXIT.failed, 'the answer has another shape than this version of musterctl knows', { hint });
  }
}

const ADVICE: Partial<Record<AdminCommand, string>> = {
  'node.show': '`musterctl node list` shows every id',
  'shard.list': '`musterctl node list` shows every id',
  'shard.show': '`musterctl shard list` shows every shard',
};

function withAdvice(error: unknown, command: AdminCommand): unknown {
  const hint = ADVICE[command];
  const about = error instanceof Failure && (error.exit === EXIT.notFound || error.exit === EXIT.usage);
  return about && error.hint === '' && hint
    ? new Failure(error.exit, error.message, { hint, code: error.code })
    : error;
}
