// The protocol's three sides over a network in memory: sends wait in an outbox, leave one at a time per receiver, are dropped where they were
// taken before, and are repeated until answered, as the runtime does it.
import { admission, ends, standing, verdict } from './holder.js';
import {
  type Confirmation,
  confirmation,
  type Membership,
  type MembershipEffect,
  type MembershipInput,
  nextOp,
  type Op,
  OUT,
  step,
} from './protocol.js';

interface Message {
  readonly name: 'admit' | 'leave' | 'confirm' | 'dismissed';
  readonly op: Op;
}

interface Sent extends Message {
  readonly number: number;
  readonly to: string;
}

/** null: it was not taken, for the sender has forgotten a newer one. */
type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string } | null;

/** What one process has, and may lose. */
interface Side {
  membership: Membership;
  member: Op | undefined;
  outbox: Sent[];
  taken: Record<string, { readonly number: number; readonly reply: Reply }>;
}

type OnWire =
  | { readonly from: string; readonly to: string; readonly sent: Sent }
  | { readonly from: string; readonly to: string; readonly number: number; readonly reply: Reply };

const PLAYER = 'player';

export class Story {
  readonly asked: string[] = [];
  readonly resolved: string[] = [];
  readonly told: string[] = [];
  private readonly sides: Record<string, Side> = { [PLAYER]: fresh(), a: fresh(), b: fresh() };
  /** As storage has them. */
  private readonly stored: Record<string, Side> = { [PLAYER]: fresh(), a: fresh(), b: fresh() };
  private wire: OnWire[] = [];
  private readonly full = new Set<string>();
  private numbers = 0;
  private last = 0;
  private now = 100;
  private lines: string[] = [];

  get membership(): Membership {
    return this.sides[PLAYER]!.membership;
  }

  /** `place op` wherever somebody is a member. */
  memberships(): readonly string[] {
    return ['a', 'b'].flatMap((place) => (this.sides[place]!.member ? [`${place} ${this.sides[place]!.member}`] : []));
  }

  /** One line of a story. @returns what came of it */
  play([what, of = '', ...more]: readonly string[]): readonly string[] {
    this.lines = [];
    this.now += 1;
    switch (what) {
      case 'join':
        this.join(of);
        break;
      case 'leave':
        this.player({ type: 'leave', ticket: this.ticket() });
        break;
      case 'abandon':
        this.player({ type: 'abandoned' });
        break;
      case 'kick':
        this.kick(of);
        break;
      case 'full':
        this.full.add(of);
        break;
      case 'doubt':
        this.doubt(of);
        break;
      case 'send':
        this.send(of);
        break;
      case 'deliver':
        this.deliver(Number(of));
        break;
      case 'drop':
        this.wire.splice(Number(of), 1);
        break;
      case 'store':
        this.stored[of] = structuredClone(this.sides[of]!);
        break;
      case 'lose':
        this.sides[of] = structuredClone(this.stored[of]!);
        this.doubt(of);
        break;
      case 'blank':
        this.sides[of] = { ...fresh() };
        break;
      case 'run':
        this.run();
        break;
      default:
        throw new Error(`no such line: ${[what, of, ...more].join(' ')}`);
    }
    return this.lines;
  }

  /** Everything arrives; then both sides ask each other, as they do now and then. */
  settle(): void {
    for (let round = 0; round < 3; round += 1) {
      this.run();
      for (const side of Object.keys(this.sides)) this.doubt(side);
    }
    this.run();
  }

  private run(): void {
    for (let i = 0; i < 200; i += 1) {
      for (const side of Object.keys(this.sides)) this.send(side);
      if (this.wire.length === 0) return;
      while (this.wire.length > 0) this.deliver(0);
    }
    throw new Error('it never ends');
  }

  private ticket(): string {
    const ticket = `t${this.asked.length + 1}`;
    this.asked.push(ticket);
    return ticket;
  }

  private join(id: string): void {
    const { op, n } = nextOp(1, this.last, this.now);
    this.last = n;
    this.player({ type: 'join', id, op, ticket: this.ticket() });
  }

  private player(input: MembershipInput): void {
    const side = this.sides[PLAYER]!;
    const before = said(side.membership);
    const { state, effects } = step(side.membership, input);
    side.membership = state;
    if (said(state) !== before) this.lines.push(`player ${said(state)}`);
    for (const effect of effects) this.apply(effect);
  }

  private apply(effect: MembershipEffect): void {
    switch (effect.type) {
      case 'send':
        this.post(PLAYER, effect.id, { name: effect.message, op: effect.op });
        return;
      case 'resolve':
        for (const ticket of effect.tickets) {
          this.resolved.push(ticket);
          this.lines.push(`client ${ticket} ${effect.how}`);
        }
        return;
      default: {
        const line = effect.type === 'came' ? `came ${effect.id}` : `gone ${effect.id} ${effect.how}`;
        this.told.push(line);
        this.lines.push(line);
      }
    }
  }

  private kick(place: string): void {
    const side = this.sides[place]!;
    if (side.member === undefined) return;
    const op = side.member;
    this.member(place, undefined);
    this.post(place, PLAYER, { name: 'dismissed', op });
  }

  private doubt(side: string): void {
    if (side === PLAYER) this.player({ type: 'doubt' });
    else if (this.sides[side]!.member !== undefined)
      this.post(side, PLAYER, { name: 'confirm', op: this.sides[side]!.member! });
  }

  private member(place: string, op: Op | undefined): void {
    this.sides[place]!.member = op;
    this.lines.push(`${place} has ${op ?? 'nobody'}`);
  }

  private post(from: string, to: string, message: Message): void {
    this.numbers += 1;
    this.sides[from]!.outbox.push({ ...message, number: this.numbers, to });
    this.lines.push(`${from}→${to} ${message.name} ${message.op}`);
  }

  /** The first unanswered send to each receiver, once more. */
  private send(from: string): void {
    const lanes = new Set<string>();
    for (const sent of this.sides[from]!.outbox) {
      if (!lanes.has(sent.to)) this.wire.push({ from, to: sent.to, sent });
      lanes.add(sent.to);
    }
  }

  private deliver(nth: number): void {
    const [message] = this.wire.splice(nth, 1);
    if (!message) return;
    if ('sent' in message) this.taken(message.from, message.to, message.sent);
    else this.answered(message.to, message.from, message.number, message.reply);
  }

  private taken(from: string, at: string, sent: Sent): void {
    const side = this.sides[at]!;
    const before = side.taken[from];
    let reply: Reply;
    if (before && sent.number < before.number) reply = null;
    else if (before?.number === sent.number) reply = before.reply;
    else {
      reply = at === PLAYER ? this.toPlayer(from, sent) : this.toPlace(at, sent);
      side.taken[from] = { number: sent.number, reply };
    }
    this.wire.push({ from: at, to: from, number: sent.number, reply });
  }

  private toPlayer(id: string, { name, op }: Sent): Reply {
    if (name === 'confirm') return { ok: true, value: confirmation(this.membership, id) };
    this.player({ type: 'dismissed', id, op });
    return { ok: true, value: null };
  }

  private toPlace(place: string, { name, op }: Sent): Reply {
    const known = this.sides[place]!.member;
    if (name === 'leave') {
      if (ends(known, op)) this.member(place, undefined);
      return { ok: true, value: null };
    }
    if (name === 'confirm') {
      const { member, renew } = standing(known, op);
      if (renew) this.member(place, op);
      return { ok: true, value: { member } };
    }
    const means = admission(known, op);
    if (means === 'outdated') return { ok: false, reason: 'outdated' };
    if (means === 'new' && this.full.has(place)) return { ok: false, reason: 'full' };
    if (known !== op) this.member(place, op);
    return { ok: true, value: null };
  }

  private answered(side: string, from: string, number: number, reply: Reply): void {
    const { outbox } = this.sides[side]!;
    const at = outbox.findIndex((sent) => sent.number === number);
    if (at < 0) return;
    const [{ name, op }] = outbox.splice(at, 1) as [Sent];
    if (side !== PLAYER) this.placeAnswered(side, name, op, reply);
    else if (name === 'leave') this.player({ type: 'left', id: from, op });
    else if (name === 'admit' && reply?.ok) this.player({ type: 'admitted', id: from, op });
    else if (name === 'admit') this.player({ type: 'refused', id: from, op, sure: reply !== null });
    else if (reply?.ok) {
      const { member } = reply.value as { readonly member: boolean };
      this.player({ type: 'confirmed', id: from, op, member });
    }
  }

  private placeAnswered(place: string, name: Message['name'], op: Op, reply: Reply): void {
    if (name !== 'confirm' || !reply?.ok) return;
    const means = verdict(this.sides[place]!.member, op, reply.value as Confirmation);
    if (means === 'gone') this.member(place, undefined);
    else if (means !== 'stays') this.member(place, means.renew);
  }
}

function fresh(): Side {
  return { membership: OUT, member: undefined, outbox: [], taken: {} };
}

function said(state: Membership): string {
  if (state.phase === 'out') return 'out';
  const from = state.phase === 'joining' && state.from ? ` from ${state.from.id} ${state.from.op}` : '';
  return `${state.phase} ${state.id} ${state.op}${from}`;
}
