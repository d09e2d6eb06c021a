import {
  type DeathCause,
  type GivenUp,
  type MassSilence,
  type MemberInfo,
  NO_MASS_SILENCE,
  newWatch,
  type PeerInfo,
  spareSilent,
  stepWatch,
  type WatchEffect,
  type WatchInput,
} from '@muster/cluster';
import { type Compare, type Millis, type PeerId, parsePeerId } from '@muster/ports';
import type { Heartbeat } from '@muster/wire';
import { Deaths } from './deaths.js';
import { isHeard, isTarget, isWell, listed, type Member, type Registration } from './member.js';
import { Questions } from './questions.js';
import type { RosterSetup } from './roster-setup.js';
import { reportDeath, reportGivenUp } from './verdict-report.js';

/** Who is alive, as the leader judges it: one watch per member, and the shell around them (cluster's heartbeat/protocol.ts). */
export class Roster {
  private readonly setup: RosterSetup;
  private readonly members = new Map<PeerId, Member>();
  private readonly deaths: Deaths;
  /** Members that beat and are not registered, since when. */
  private readonly strangers = new Map<PeerId, Millis>();
  private readonly questions: Questions;
  private tickedAt: Millis;
  private massSilence: MassSilence = NO_MASS_SILENCE;

  constructor(setup: RosterSetup) {
    this.setup = setup;
    this.deaths = new Deaths(setup.deadMax);
    this.tickedAt = setup.clock.monotonic();
    this.questions = new Questions({
      ...setup,
      answered: ({ peer, round, witness }, outcome) => this.input(peer, { type: 'probed', round, witness, outcome }),
    });
  }

  all(): readonly Member[] {
    return [...this.members.values()];
  }

  get(peer: string): Member | undefined {
    return this.members.get(peer as PeerId);
  }

  /** Not known to be dead. */
  isAlive(peer: PeerId): boolean {
    return this.members.has(peer);
  }

  /** Not known to be dead, but its replicated shards are not waited for any more. */
  isGivenUp(peer: PeerId): boolean {
    return this.members.get(peer)?.watch.givenUp !== undefined;
  }

  /** Heard lately, and reachable at this moment. */
  isWell(peer: PeerId): boolean {
    const member = this.members.get(peer);
    return member !== undefined && isWell(member.watch);
  }

  /** Dead, and not only because it was silent for so long. */
  isProvenDead(peer: PeerId): boolean {
    return this.deaths.isProven(peer);
  }

  /** Nothing listens where it was: not a matter of time, and no other process's word (K7). */
  isSurelyDead(peer: PeerId): boolean {
    return this.deaths.causeOf(peer) === 'refused';
  }

  zoneOf(peer: PeerId): string {
    return this.members.get(peer)?.info.zone ?? '';
  }

  isDoubted(peer: PeerId): boolean {
    return this.members.get(peer)?.doubted ?? false;
  }

  /** It owns what the table says, nothing else. */
  confirm(peer: PeerId): void {
    const member = this.members.get(peer);
    if (!member?.doubted || member.watch.givenUp) return;
    this.members.set(peer, { ...member, doubted: false });
    this.setup.on.changed();
  }

  /** Nodes that may get shards. */
  targets(): PeerId[] {
    const all = this.all().filter(isTarget);
    return all.map(({ info }) => info.peer).sort();
  }

  /** Nodes that drain. */
  leaving(): PeerId[] {
    return this.nodesThatAre('draining');
  }

  /** Nodes that may get shards, be they heard at this moment or not. */
  eligible(): PeerId[] {
    return this.nodesThatAre('up');
  }

  /** What is pushed about members: the living, and nodes that died lately, so that nobody takes one of them back. */
  infos(): MemberInfo[] {
    return listed(this.all(), this.deaths.listed);
  }

  /** Why it is not a member any more; undefined: it is one, or was never heard of. */
  deathOf(peer: PeerId): DeathCause | undefined {
    return this.deaths.causeOf(peer);
  }

  /** Another incarnation under the same id that is a member. */
  successorOf(peer: PeerId): PeerId | undefined {
    const { id } = parsePeerId(peer);
    return this.all().find(({ info }) => info.peer !== peer && parsePeerId(info.peer).id === id)?.info.peer;
  }

  /** The beginning of a regime: who is registered or owns something and was not given up for dead before (K3), each with the mercy that a take-over asks for (K6). */
  begin(
    registered: readonly Registration[],
    owners: Iterable<PeerId>,
    mercyMs: Millis,
    buried: readonly PeerId[],
  ): void {
    for (const peer of buried.filter((each) => !this.isProvenDead(each)))
      this.deaths.bury(peer, 'silent', { role: 'node', peer, address: '', zone: '', build: '' });
    for (const each of registered) if (!this.deaths.causeOf(each.peer)) this.admit(each, false);
    for (const peer of owners) if (!this.members.has(peer) && !this.isProvenDead(peer)) this.admitOwner(peer);
    this.replaceFormer();
    for (const { info } of this.all()) {
      this.input(info.peer, { type: 'restart', mercyMs });
      this.recall(info.peer);
    }
  }

  /** The store was put back (K4): incarnations that ended long ago stand there and own again, and whoever followed them has a link. */
  buryGhosts(named: Iterable<PeerId>): void {
    const linked = new Map(this.setup.peers.linked().map((info) => [parsePeerId(info.peer).id, info]));
    for (const peer of named) {
      const lives = linked.get(parsePeerId(peer).id);
      if (lives && lives.peer !== peer)
        this.deaths.bury(peer, 'replaced', lives.role === 'node' ? { ...lives, peer } : undefined);
    }
  }

  /** What a list of the store shows that was asked for at `sentAt`. A missing line kills nobody; a new incarnation kills the old one (K3). */
  listed(all: readonly Registration[], sentAt: Millis): void {
    const registered = all.filter((each) => !this.isGhost(each));
    const lines = new Map(registered.map((each) => [each.peer, each]));
    this.judgeStrangers(lines, sentAt);
    for (const each of registered) {
      const member = this.members.get(each.peer);
      if (member) this.refresh(member, each);
      else if (!this.deaths.causeOf(each.peer)) {
        this.admit(each, true);
        this.recall(each.peer);
      }
    }
    this.replaceFormer(lines);
    for (const member of this.all()) if (!lines.has(member.info.peer)) this.unregistered(member);
  }

  /** A beat came. `stranger`: not registered, as far as is known here. */
  beat(from: PeerInfo, { state }: Heartbeat): 'member' | 'dead' | 'stranger' {
    const member = this.members.get(from.peer);
    if (!member) {
      if (this.deaths.causeOf(from.peer)) return this.comeBack(from);
      this.strangers.set(from.peer, this.strangers.get(from.peer) ?? this.setup.clock.monotonic());
      return 'stranger';
    }
    const said = state === 'cordoned' || state === 'draining' ? state : 'up';
    if (said !== member.state) {
      this.members.set(from.peer, { ...member, state: said, since: this.setup.clock.monotonic() });
      this.setup.on.changed();
    }
    this.input(from.peer, { type: 'beat' });
    return 'member';
  }

  /**
   * Silence was taken for death. A node that is still named by rows — its backup was silent as well — is the one they waited for; what it
   * alone had is somebody else's, so it is doubted until it has closed that. Another has lost everything, and is told so.
   */
  private comeBack(info: PeerInfo): 'dead' | 'stranger' {
    if (this.isProvenDead(info.peer) || !this.setup.isNamed(info.peer)) return 'dead';
    this.deaths.forget(info.peer);
    this.enter(info, undefined, 'up', false);
    this.members.set(info.peer, { ...this.members.get(info.peer)!, doubted: true });
    return 'stranger';
  }

  /** A gateway owns nothing: one that was given up and is back may simply go on. */
  revive(peer: PeerId): void {
    this.deaths.forget(peer);
    this.strangers.delete(peer);
  }

  /** An operator says that it never comes back. @returns false: it is heard, or nobody waits for it */
  forget(peer: PeerId): boolean {
    const member = this.members.get(peer);
    if (member ? isHeard(member.watch) : this.deaths.causeOf(peer) !== 'silent') return false;
    if (member) this.input(peer, { type: 'forgotten' });
    else this.deaths.bury(peer, 'forgotten');
    return true;
  }

  /** An operator who broke the glass does not wait any longer for one that is late; one that is heard stays. */
  giveUp(peer: PeerId): void {
    this.input(peer, { type: 'given-up' });
  }

  linked(peer: PeerId): void {
    this.input(peer, { type: 'linked' });
  }

  unlinked(peer: PeerId): void {
    this.strangers.delete(peer);
    this.input(peer, { type: 'unlinked' });
  }

  /** The store is away: no verdict by silence could be acted on, and what made others silent may be the same trouble. */
  tick(storeReachable: boolean): void {
    const { clock, options } = this.setup;
    const now = clock.monotonic();
    const late = now - this.tickedAt - options.stallMs;
    this.tickedAt = now;
    for (const { info } of this.all()) {
      if (late > 0) this.input(info.peer, { type: 'stalled', ms: late });
      if (!storeReachable) this.input(info.peer, { type: 'spare', ms: options.suspectMs });
    }
    const hearings = this.all().flatMap((each) =>
      each.info.role === 'node' ? [{ watch: each.watch, isTarget: isTarget(each) }] : [],
    );
    const { state, spared } = spareSilent(this.massSilence, hearings, now, options);
    this.massSilence = state;
    for (const { info } of this.all()) this.input(info.peer, { type: 'tick', spared: spared.get(info.peer) });
  }

  /** It was given so much to do that its next beats may come late. */
  laden(peer: PeerId): void {
    this.input(peer, { type: 'laden' });
  }

  /** After an outage of the store silence counts from now. */
  restart(): void {
    for (const { info } of this.all()) this.input(info.peer, { type: 'restart', mercyMs: 0 });
  }

  probeResult(from: PeerInfo, number: number, outcome: string): void {
    this.questions.answer(from, number, outcome);
  }

  /** K4: in a store that was put back the dead stand again. They are nobody's successor. */
  private isGhost({ peer, modRevision }: Registration): boolean {
    const later = this.successorOf(peer);
    if (later && (this.members.get(later)?.line?.modRevision ?? 0) > modRevision) this.deaths.bury(peer, 'replaced');
    return this.deaths.causeOf(peer) !== undefined && (later !== undefined || this.isProvenDead(peer));
  }

  private nodesThatAre(wanted: Member['state']): PeerId[] {
    return this.all().flatMap(({ info, state }) => (info.role === 'node' && state === wanted ? [info.peer] : []));
  }

  private admit(registered: Registration, newcomer: boolean): void {
    const { peer, role, record, key, modRevision } = registered;
    const { address, zone, build, state } = record;
    this.enter({ role, peer, address, zone, build }, { key, modRevision }, state, newcomer);
  }

  /** An owner without a line in the store: its lease ran out. Where it listens is known only if it is linked. */
  private admitOwner(peer: PeerId): void {
    const linked = this.setup.peers.link(peer);
    this.enter(linked ?? { role: 'node', peer, address: '', zone: '', build: '' }, undefined, 'up', false);
  }

  private enter(info: PeerInfo, line: Compare | undefined, state: Member['state'], newcomer: boolean): void {
    const { clock, options, peers, on } = this.setup;
    const linked = peers.link(info.peer) !== undefined;
    const watch = newWatch({ ...info, linked, newcomer }, { now: clock.monotonic(), options });
    const member: Member = { info, watch, line, state, since: clock.monotonic(), doubted: false };
    this.members.set(info.peer, member);
    on.joined(member);
    on.changed();
  }

  /** It may have beaten before it was known here. */
  private recall(peer: PeerId): void {
    const heard = this.setup.loads.get(peer);
    const isFresh = heard && this.setup.clock.monotonic() - heard.at < this.setup.options.suspectMs;
    if (isFresh) this.input(peer, { type: 'beat' });
  }

  private refresh(member: Member, { record, key, modRevision }: Registration): void {
    if (member.line?.modRevision === modRevision) return;
    const { address, zone, build } = record;
    const info = { ...member.info, address, zone, build };
    this.members.set(info.peer, { ...member, info, line: { key, modRevision }, watch: { ...member.watch, address } });
    this.setup.on.changed();
  }

  private replaceFormer(lines: ReadonlyMap<PeerId, unknown> = this.registeredNow()): void {
    const newest = new Map([...lines.keys()].map((peer) => [parsePeerId(peer).id, peer]));
    for (const { info } of this.all()) {
      const registered = newest.get(parsePeerId(info.peer).id);
      if (registered && registered !== info.peer) this.input(info.peer, { type: 'replaced' });
    }
  }

  private registeredNow(): ReadonlyMap<PeerId, unknown> {
    return new Map(this.all().flatMap(({ info, line }) => (line ? [[info.peer, line]] : [])));
  }

  /**
   * A process registers before it beats. So one that had beaten when the list was asked for, and whose name stands there for
   * another incarnation, is the older of the two.
   */
  private judgeStrangers(lines: ReadonlyMap<PeerId, unknown>, sentAt: Millis): void {
    const names = new Set([...lines.keys()].map((peer) => parsePeerId(peer).id));
    for (const [peer, since] of this.strangers) {
      if (since >= sentAt) continue;
      this.strangers.delete(peer);
      if (!lines.has(peer) && names.has(parsePeerId(peer).id)) this.deaths.bury(peer, 'replaced');
    }
  }

  private unregistered(member: Member): void {
    const { info, state, watch } = member;
    if (member.line) this.members.set(info.peer, { ...member, line: undefined });
    // Who said that it goes has gone; a gateway owns nothing that would have to be waited for. But leases may all run out at once: a link counts more.
    if (!watch.linked && (state === 'draining' || info.role !== 'node')) this.input(info.peer, { type: 'left' });
  }

  private input(peer: PeerId, input: WatchInput): void {
    const member = this.members.get(peer);
    if (!member) return;
    const { clock, options } = this.setup;
    const observer = { now: clock.monotonic(), witnesses: this.witnessesFor(peer), options };
    const { state: watch, effects } = stepWatch(member.watch, input, observer);
    this.members.set(peer, { ...member, watch });
    for (const effect of effects) this.perform(peer, effect);
  }

  /** Itself, its vice, and one other node that is up. */
  private witnessesFor(peer: PeerId): string[] {
    const { peers, vice } = this.setup;
    const second = vice();
    const node = this.all().find(({ info, watch }) => info.role === 'node' && info.peer !== peer && isWell(watch));
    return [peers.self.peer, ...(second && peers.link(second) ? [second] : []), ...(node ? [node.info.peer] : [])];
  }

  private perform(peer: PeerId, effect: WatchEffect): void {
    const { on } = this.setup;
    const member = this.members.get(peer)!;
    switch (effect.type) {
      case 'probe':
        for (const witness of effect.witnesses)
          this.questions.ask(member.info.address, { peer, round: effect.round, witness });
        return;
      case 'phase':
        on.phase(member, effect.phase, effect.before);
        on.changed();
        return;
      case 'promote':
        this.members.set(peer, { ...member, doubted: true });
        this.gaveUp(member, effect.cause, effect.silentMs);
        return;
      case 'back':
        on.givenUp(member, undefined);
        return;
      case 'dead':
        this.died(member, effect.cause, effect.silentMs);
    }
  }

  private gaveUp(member: Member, cause: GivenUp, silentMs: Millis): void {
    const { on } = this.setup;
    reportGivenUp(this.setup, member, cause, silentMs);
    on.givenUp(member, cause);
    on.changed();
  }

  private died(member: Member, cause: DeathCause, silentMs: Millis): void {
    const { on } = this.setup;
    const { peer, role } = member.info;
    this.members.delete(peer);
    this.deaths.bury(peer, cause, role === 'node' ? member.info : undefined);
    reportDeath(this.setup, member, cause, silentMs);
    on.dead(member, cause);
    on.changed();
  }
}
