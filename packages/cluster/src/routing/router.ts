import {
  type Clock,
  codeOf,
  type ErrorCode,
  entityKey,
  isMusterError,
  type Metrics,
  type PeerId,
  type ShardId,
  shardId,
  type Timer,
  term,
} from '@muster/ports';
import type { EnvelopeOf, Reply } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import type { EntityMoved, RoutingTable } from '../table/routing-table.js';
import type { Call, CallDone, CommandRouter, ErrorData, OwnerListener } from './call.js';
import { type CommandEnvelope, commandEnvelope, errorCode, errorDetails } from './command-envelope.js';
import { FirstAnswers } from './first-answers.js';
import { type RouterOptions, routerOptions } from './options.js';
import {
  type BounceCode,
  type HoldReason,
  isBounce,
  isNewerPlace,
  newRoute,
  type Place,
  type Route,
  type RouteEffect,
  type RouteInput,
  step,
} from './protocol.js';
import { RoutedError } from './routed-error.js';
import { RouterCounts } from './router-counts.js';
import { sendKey, Unanswered } from './unanswered.js';
import { type Pending, WaitingLine } from './waiting-line.js';

export interface RouterSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly table: RoutingTable;
  readonly metrics: Metrics;
  readonly options?: Partial<RouterOptions>;
  /** Takes commands for shards that this process owns itself. Its answers come through {@link Router.reply}. */
  readonly local?: (command: CommandEnvelope) => void;
  readonly isNewerPlace?: typeof isNewerPlace;
  readonly takeBack?: typeof takeBack;
}

/** K14: what was sent and not answered waits again, in its old place. `why`: the sender waited last. */
export function takeBack(line: WaitingLine, _why: HoldReason, now: number): void {
  line.rewind(now);
}

/** The sending side of commands: see `protocol.ts` for the way of one shard. */
export class Router implements CommandRouter {
  private readonly clock: Clock;
  private readonly peers: Peers;
  private readonly table: RoutingTable;
  private readonly options: RouterOptions;
  private readonly local: RouterSetup['local'];
  private readonly isNewer: typeof isNewerPlace;
  private readonly takeBack: typeof takeBack;
  private readonly self: PeerId;
  private readonly counts: RouterCounts;
  private readonly routes: Route[];
  private readonly lines = new Map<ShardId, WaitingLine>();
  private readonly unanswered = new Unanswered();
  private readonly firstAnswers: FirstAnswers;
  private readonly owners = new Set<OwnerListener>();
  private readonly release: (() => void)[] = [];
  private announcing: ShardId | undefined;
  private sweeper: Timer | undefined;
  private stopped = false;

  constructor(setup: RouterSetup) {
    const { clock, peers, table, metrics, options, local } = setup;
    this.clock = clock;
    this.peers = peers;
    this.table = table;
    this.routes = Array.from({ length: table.layout.count }, newRoute);
    this.options = routerOptions(options);
    this.firstAnswers = new FirstAnswers(this.options);
    this.local = local;
    this.isNewer = setup.isNewerPlace ?? isNewerPlace;
    this.takeBack = setup.takeBack ?? takeBack;
    this.self = peers.self.peer;
    this.counts = new RouterCounts(metrics);
    peers.on('reply', (from, envelope) => this.reply(from.peer, envelope));
    this.release.push(
      table.listen({
        entitiesMoved: (moved) => this.rehome(moved),
        rowChanged: ({ shard }) => this.placeFromTable(shard),
      }),
      peers.onUp(({ peer }) => this.inputAll({ type: 'linked', peer })),
      peers.onDown(({ peer }) => this.inputAll({ type: 'unlinked', peer })),
      peers.onWritable((peer, lane) => {
        if (lane === 'data') this.pumpAll(peer);
      }),
    );
    for (const { shard } of table.allRows()) this.placeFromTable(shard);
  }

  get pending(): number {
    return this.unanswered.size;
  }

  /** The newest that was heard of the shard, by the table or by an owner that has it no more. */
  placeOf(shard: ShardId): Place {
    return this.routes[shard]!.place;
  }

  /** An owner says that the shard is its own. */
  heard(shard: ShardId, owner: PeerId, of: number): void {
    this.input(shard, { type: 'place', place: { owner, term: term(of) }, linked: this.isLinked(owner) });
  }

  onOwner(listener: OwnerListener): () => void {
    this.owners.add(listener);
    return () => this.owners.delete(listener);
  }

  call(call: Call, done: CallDone): void {
    const earlier = this.unanswered.earlier(call.origin);
    if (earlier) this.repeat(earlier);
    else {
      const shard = this.table.shardOf(call.entity);
      const line = this.line(shard);
      const refusal = this.refusal(call, shard, line);
      if (refusal) this.finish(done, refusal);
      else {
        const pending = this.pendingOf(call, shard, done);
        line.push(pending);
        this.enlist(pending);
        if (this.routes[shard]!.phase === 'waiting') this.input(shard, { type: 'tick' });
        // Nothing overtakes what listeners are putting in front.
        else if (this.announcing !== shard) this.pump(shard, line, pending.heldSince);
      }
    }
  }

  /** An answer, over a link or from this process itself. */
  reply(from: PeerId, { shard, term: answeredIn, body }: EnvelopeOf<'reply'>): void {
    const pending = this.unanswered.get(body.call);
    if (!pending) {
      this.counts.dropped('late');
      return;
    }
    const route = this.routes[pending.shard]!;
    // From the shard that its entity has left: it was sent again to where that is now, and gets its first answer there.
    if (shard !== pending.shard) {
      this.counts.dropped('stale');
      return;
    }
    const code = body.code === '' ? undefined : errorCode(body.code);
    if (code && isBounce(code)) {
      this.bounced(from, pending.shard, code, body, answeredIn);
      return;
    }
    // Fence 3: an answer counts from the owner we know, in no older term. Any other is given again by the new owner.
    if (route.place.owner !== from || (answeredIn !== 0 && answeredIn < route.place.term)) {
      this.counts.dropped('stale');
      return;
    }
    this.remove(pending);
    if (code) this.finish(pending.done, new RoutedError(code, errorDetails(body.data)));
    else {
      this.counts.answered();
      pending.done({ ok: true, data: body.data, shard: shardId(shard), term: term(answeredIn) });
    }
    if (this.firstAnswers.answered(pending.shard)) this.pump(pending.shard, this.line(pending.shard));
  }

  private bounced(from: PeerId, shard: ShardId, code: BounceCode, { owner, flight }: Reply, heard: number): void {
    this.counts.bounced(code);
    // Only an answer that names an owner, or says that there is none, says where the shard is.
    const place = { owner: owner as PeerId | '', term: term(owner !== '' || code === 'NOT_OWNER' ? heard : 0) };
    this.input(shard, { type: 'bounced', by: from, flight, code, place, linked: this.isLinked(place.owner) });
  }

  /** Everything that waits is answered with STOPPING. */
  stop(): void {
    this.stopped = true;
    for (const release of this.release.splice(0)) release();
    this.sweeper?.cancel();
    for (const pending of this.unanswered.all()) this.fail(pending, 'STOPPING', { peer: this.self });
    this.counts.flush();
  }

  /** It is sent again in its place. */
  private repeat(earlier: Pending): void {
    const route = this.routes[earlier.shard]!;
    earlier.repeated = true;
    if (earlier.sent && route.phase === 'flying') this.transmit(earlier, route, this.clock.monotonic());
  }

  private refusal(call: Call, shard: ShardId, line: WaitingLine): RoutedError | undefined {
    if (this.stopped) return new RoutedError('STOPPING', { peer: this.self });
    const { options } = this;
    if (this.unanswered.size >= options.unanswered)
      return new RoutedError('TOO_MANY_REQUESTS', { max: options.unanswered });
    const full =
      line.size >= options.unansweredPerShard ||
      (this.routes[shard]!.phase === 'waiting' &&
        (line.held >= options.holdMessages || line.heldBytes + call.data.length > options.holdBytes));
    return full ? new RoutedError('HOLD_FULL', { shard }) : undefined;
  }

  private pendingOf(call: Call, shard: ShardId, done: CallDone): Pending {
    const now = this.clock.monotonic();
    const deadline = call.deadlineMs > 0 ? now + call.deadlineMs : Number.POSITIVE_INFINITY;
    return {
      number: this.unanswered.nextNumber(),
      key: sendKey(call.origin),
      call,
      shard,
      done,
      deadline,
      sent: false,
      repeated: false,
      heldSince: now,
      heldMs: 0,
      before: undefined,
      after: undefined,
    };
  }

  private enlist(pending: Pending): void {
    this.unanswered.add(pending);
    this.counts.called();
    if (!this.sweeper) this.sweeper = this.clock.after(this.options.sweepMs, () => this.sweep());
  }

  private placeFromTable(shard: ShardId): void {
    const { owner, term: of } = this.table.row(shard);
    this.input(shard, { type: 'place', place: { owner, term: of }, linked: this.isLinked(owner) });
  }

  private isLinked(owner: PeerId | ''): boolean {
    return owner === this.self ? this.local !== undefined : this.peers.link(owner) !== undefined;
  }

  private inputAll(input: RouteInput): void {
    for (let shard = 0; shard < this.routes.length; shard += 1) this.input(shardId(shard), input);
  }

  private input(shard: ShardId, input: RouteInput): void {
    if (this.stopped) return;
    const now = this.clock.monotonic();
    const { route, effects } = step(this.routes[shard]!, input, now, this.options, this.isNewer);
    this.routes[shard] = route;
    for (const effect of effects) {
      // A listener may have caused the next step already: what this one wanted is out of date.
      if (this.routes[shard] !== route) return;
      this.apply(shard, effect);
    }
  }

  private apply(shard: ShardId, effect: RouteEffect): void {
    const line = this.lines.get(shard);
    if (line) this.takeBack(line, this.routes[shard]!.why, this.clock.monotonic());
    if (effect.type === 'announce') this.announce(shard);
    if (effect.type !== 'fly') return;
    this.counts.flights(line?.held ?? 0);
    this.firstAnswers.begin(shard, line, this.clock.monotonic());
    if (line) this.pump(shard, line);
  }

  /** K14: what these have not answered goes to their new shards, in its old order and before whatever comes for them. */
  private rehome(moved: readonly EntityMoved[]): void {
    for (const { entity, from, to } of moved) {
      const isFor = ({ call }: Pending) => entityKey(call.entity) === entityKey(entity);
      const leaving = this.lines.get(from)?.takeOut(isFor, this.clock.monotonic()) ?? [];
      for (const pending of leaving) {
        pending.shard = to;
        this.line(to).push(pending);
      }
      // A row that begins a flight mostly comes with this.
      if (leaving.length > 0) this.clock.defer(() => this.pump(to, this.line(to)));
    }
  }

  private announce(shard: ShardId): void {
    if (this.owners.size === 0) return;
    const row = { ...this.table.row(shard), ...this.routes[shard]!.place };
    let previous: Pending | undefined;
    const front = (call: Call, done: CallDone): void => {
      const pending = this.pendingOf(call, shard, done);
      if (this.unanswered.earlier(call.origin) || this.unanswered.size >= this.options.unanswered) {
        this.finish(done, new RoutedError('TOO_MANY_REQUESTS', { max: this.options.unanswered }));
        return;
      }
      this.line(shard).pushFront(pending, previous);
      previous = pending;
      this.enlist(pending);
    };
    this.announcing = shard;
    for (const listener of this.owners) listener(shard, row, front);
    this.announcing = undefined;
  }

  /** Sends what is unsent, oldest first, until the link is full. */
  private pump(shard: ShardId, line: WaitingLine, now = this.clock.monotonic()): void {
    for (;;) {
      const pending = line.next;
      // Looked up again each time: a local answer may have started another flight.
      const route = this.routes[shard]!;
      if (!pending) this.firstAnswers.end(shard);
      if (!pending || route.phase !== 'flying' || !this.firstAnswers.take(shard, now)) return;
      line.markSent(now);
      if (!this.transmit(pending, route, now)) {
        line.unmarkSent(pending, now);
        this.firstAnswers.giveBack(shard);
        return;
      }
    }
  }

  private pumpAll({ peer }: PeerInfo): void {
    for (const [shard, line] of this.lines) if (this.routes[shard]!.place.owner === peer) this.pump(shard, line);
  }

  /** False where the link takes no more. */
  private transmit(pending: Pending, route: Route, now: number): boolean {
    const ttlMs = pending.deadline === Number.POSITIVE_INFINITY ? 0 : Math.ceil(pending.deadline - now);
    if (ttlMs < 0 || (ttlMs === 0 && pending.deadline !== Number.POSITIVE_INFINITY)) {
      this.fail(pending, 'DEADLINE_EXCEEDED', { ms: pending.call.deadlineMs });
      return true;
    }
    const envelope = commandEnvelope(pending, route, ttlMs);
    if (pending.repeated) this.counts.resent();
    if (route.place.owner === this.self) {
      this.local!(envelope);
      return true;
    }
    try {
      return this.peers.send(route.place.owner, 'data', envelope);
    } catch (error) {
      this.fail(pending, codeOf(error) ?? 'BAD_FRAME', isMusterError(error) ? error.details : {});
      return true;
    }
  }

  /** One timer for all deadlines, holds and retries, only while something is unanswered. */
  private sweep(): void {
    this.sweeper = undefined;
    const now = this.clock.monotonic();
    for (const [shard, line] of this.lines) {
      const { why } = this.routes[shard]!;
      line.each((pending) => {
        if (now >= pending.deadline) this.fail(pending, 'DEADLINE_EXCEEDED', { ms: pending.call.deadlineMs });
        else if (!pending.sent && pending.heldMs + now - pending.heldSince >= this.options.holdMs)
          this.fail(pending, this.routes[shard]!.phase === 'flying' ? 'UNREACHABLE' : why, this.whyDetails(shard));
      });
      if (line.size === 0) this.lines.delete(shard);
      else this.input(shard, { type: 'tick' });
      if (line.next) this.pump(shard, line, now);
    }
    this.counts.flush();
    if (this.unanswered.size > 0 && !this.sweeper && !this.stopped)
      this.sweeper = this.clock.after(this.options.sweepMs, () => this.sweep());
  }

  private whyDetails(shard: ShardId): ErrorData {
    const { owner, term: of } = this.routes[shard]!.place;
    return { shard, peer: owner, term: of, sinceMs: this.options.holdMs };
  }

  private line(shard: ShardId): WaitingLine {
    let line = this.lines.get(shard);
    if (!line) {
      line = new WaitingLine();
      this.lines.set(shard, line);
    }
    return line;
  }

  private fail(pending: Pending, code: ErrorCode, details: ErrorData): void {
    if (this.unanswered.get(pending.number) !== pending) return;
    this.remove(pending);
    this.finish(pending.done, new RoutedError(code, details));
  }

  private remove(pending: Pending): void {
    this.unanswered.delete(pending);
    this.lines.get(pending.shard)!.remove(pending);
  }

  private finish(done: CallDone, { code, details }: RoutedError): void {
    this.counts.failed(code);
    done({ ok: false, code, details });
  }
}
