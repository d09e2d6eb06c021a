import { type PeerId, term } from '@muster/ports';
import { emptyRow, type ShardRow, sameRow } from '../table/routing-table.js';
import { Actor, LEADER, type Letter, options, SHARD } from './actors.test-kit.js';
import { type Move, type MoveEffect, type MoveInput, type MoveStep, stands, startMove, stepMove } from './leader.js';
import { mayCancel, mayMove, withoutStrayMoves } from './rows.js';

interface Sent {
  readonly from: string;
  readonly to: string;
  readonly letter: Letter;
}

/** Leader, store, and nodes a to e around one shard: pure steps and a bus, so that the same play can be told and drawn at random. */
export class Stage {
  now = 0;
  readonly nodes = new Map<string, Actor>();
  /** The store. */
  row: ShardRow = emptyRow(SHARD);
  /** A write that waits for the store; none where it answers at once. */
  storeHolds = false;
  move: Move | undefined;
  readonly ends: string[] = [];
  /** Reported last. */
  inSync: { readonly peer: string; readonly term: number } | undefined;
  wire: Sent[] = [];
  private held: Extract<MoveEffect, { type: 'write' }> | undefined;
  private moves = 0;
  epoch = 1;
  private readonly tell: (line: string) => void;
  private readonly cuts = new Set<string>();

  constructor(names: readonly string[], tell: (line: string) => void = () => undefined) {
    this.tell = tell;
    const post = (from: string, to: string, letter: Letter): void => {
      if (this.linked(from, to)) this.wire.push({ from, to, letter });
    };
    for (const name of names)
      this.nodes.set(
        name,
        new Actor(
          name,
          post,
          (a, b) => this.linked(a, b),
          () => this.now,
        ),
      );
  }

  linked(a: string, b: string): boolean {
    const there = (name: string): boolean => name === LEADER || this.nodes.get(name)?.alive === true;
    return a !== b && there(a) && there(b) && !this.cuts.has(pair(a, b));
  }

  /** Writes a row as a leader does that changes it for another reason, and pushes it. */
  write(changes: Partial<ShardRow>): void {
    const { owner = this.row.owner, term: of = this.row.term } = changes;
    const since = owner === this.row.owner ? this.row.since : of;
    this.row = { ...this.row, ...(since !== undefined && { since }), ...changes };
    this.tell(`store  ${rowLine(this.row)}`);
    if (this.move) this.input({ type: 'row', row: this.row });
    this.push();
  }

  push(): void {
    for (const { name } of this.nodes.values())
      if (this.linked(LEADER, name)) this.wire.push({ from: LEADER, to: name, letter: { type: 'row', row: this.row } });
  }

  plan(to: string): boolean {
    if (this.move || !mayMove(this.row, to as PeerId)) return false;
    this.moves += 1;
    this.show(startMove(`m${this.epoch}.${this.moves}`, this.row, to as PeerId, this.now));
    return true;
  }

  /** Another leader follows, which knows nothing of moves: it clears what it finds (K13). `written`: what was under way had happened. */
  takeOver(written = false): void {
    this.epoch += 1;
    const { held } = this;
    if (written && held && stands(held, this.row)) this.row = held.row;
    this.move = undefined;
    this.held = undefined;
    this.storeHolds = false;
    this.wire = this.wire.filter(({ from, to }) => from !== LEADER && to !== LEADER);
    for (const row of withoutStrayMoves([this.row], () => false)) this.write(row);
    this.push();
  }

  kill(name: string): void {
    this.nodes.get(name)!.alive = false;
    this.wire = this.wire.filter(({ from, to }) => from !== name && to !== name);
    for (const node of this.nodes.values()) if (node.alive) node.link(name as PeerId, 'down');
    if (this.move) this.input({ type: 'died', peer: name as PeerId });
  }

  /** The link between two breaks, and everything that is on it is lost. */
  cut(a: string, b: string): void {
    this.cuts.add(pair(a, b));
    this.wire = this.wire.filter(({ from, to }) => pair(from, to) !== pair(a, b));
    this.nodes.get(a)?.link(b as PeerId, 'down');
    this.nodes.get(b)?.link(a as PeerId, 'down');
  }

  join(a: string, b: string): void {
    if (!this.cuts.delete(pair(a, b))) return;
    if (this.nodes.get(a)?.alive && this.nodes.get(b)?.alive) {
      this.nodes.get(a)!.link(b as PeerId, 'up');
      this.nodes.get(b)!.link(a as PeerId, 'up');
    }
    if (a === LEADER || b === LEADER) this.push();
  }

  pass(ms: number): void {
    this.now += ms;
    for (const node of this.nodes.values()) node.tick();
    if (this.move) this.input({ type: 'tick' });
    for (const node of this.nodes.values())
      if (!sameRow(node.row, this.row) && this.linked(LEADER, node.name))
        this.wire.push({ from: LEADER, to: node.name, letter: { type: 'row', row: this.row } });
  }

  /** The oldest letter on one of the links arrives; `pick` chooses the link. False: nothing is under way. */
  deliver(pick: (links: number) => number = () => 0): boolean {
    const links = [...new Set(this.wire.map(({ from, to }) => `${from} ${to}`))];
    if (links.length === 0) return false;
    const link = links[pick(links.length)]!;
    const at = this.wire.findIndex(({ from, to }) => `${from} ${to}` === link);
    const [sent] = this.wire.splice(at, 1) as [Sent];
    this.arrive(sent);
    return true;
  }

  settleHeld(committed: boolean): void {
    const { held } = this;
    this.held = undefined;
    if (held) this.settle(held, committed);
  }

  private arrive({ from, to, letter }: Sent): void {
    const line = lineOf(letter);
    if (line !== '' && !(letter.type === 'in-sync' && this.move?.inSync !== false)) this.tell(`${from}→${to}  ${line}`);
    if (to !== LEADER) {
      const node = this.nodes.get(to)!;
      const before = stateOf(node);
      if (node.alive) node.hear(from, letter);
      if (stateOf(node) !== before) this.tell(`${to}  ${stateOf(node)}`);
    } else if (letter.type === 'in-sync') {
      this.inSync = { peer: letter.peer, term: letter.term };
      this.input({ ...letter, from: from as PeerId });
    } else if (letter.type === 'sealed') this.sealed(from as PeerId, letter);
  }

  private sealed(from: PeerId, letter: Extract<Letter, { type: 'sealed' }>): void {
    if (this.move?.id === letter.move) this.input({ ...letter, from });
    else if (mayCancel(this.row, from, letter.term, letter.move))
      this.wire.push({
        from: LEADER,
        to: from,
        letter: { type: 'seal', term: letter.term, move: letter.move, to: from, cancel: true },
      });
  }

  private input(input: MoveInput): void {
    if (this.move) this.show(stepMove(this.move, input, this.now, 0, options));
  }

  private show({ state, effects }: MoveStep): void {
    this.move = state;
    for (const effect of effects) {
      if (effect.type === 'write') {
        if (this.storeHolds) this.held = effect;
        else this.settle(effect, true);
      } else if (effect.type === 'over') {
        this.tell(`leader  over: ${effect.end}`);
        this.ends.push(effect.end);
        this.move = undefined;
      } else if (effect.type !== 'ask-store') {
        const cancel = effect.type === 'cancel';
        const { id, from, to, term: of } = state;
        if (this.linked(LEADER, from))
          this.wire.push({ from: LEADER, to: from, letter: { type: 'seal', term: of, move: id, to, cancel } });
      }
    }
  }

  private settle(effect: Extract<MoveEffect, { type: 'write' }>, accepted: boolean): void {
    const committed = accepted && stands(effect, this.row);
    if (committed) this.write(effect.row);
    else this.tell(`store  does not ${effect.what}`);
    this.input({ type: 'settled', committed });
  }
}

export function rowLine({ owner, backup, learner, term: of, state, move }: ShardRow): string {
  const second = [backup === '' ? '' : `backup ${backup}`, learner === '' ? '' : `learner ${learner}`].filter(Boolean);
  return [`owner ${owner}`, ...second, `term ${of}`, state === 'moving' ? `moving ${move}` : state].join(', ');
}

/** Owned by `owner` in term 1, with a backup that follows, and nothing under way. */
export function settled(names: readonly string[], tell?: (line: string) => void): Stage {
  const stage = new Stage(names, tell);
  stage.write({ owner: 'a' as PeerId, learner: 'b' as PeerId, term: term(1) });
  while (stage.deliver());
  stage.write({ backup: 'b' as PeerId, learner: '', term: term(2) });
  while (stage.deliver());
  return stage;
}

function stateOf({ owned, source }: Actor): string {
  if (!owned) return 'does not own it';
  return source.phase === 'sealed' && owned.sealed
    ? `sealed in term ${owned.state.term}`
    : `open in term ${owned.state.term}, after ${owned.values.length} records`;
}

function pair(a: string, b: string): string {
  return [a, b].sort().join(' ');
}

function lineOf(letter: Letter): string {
  switch (letter.type) {
    case 'append': {
      const { first, end, continues } = letter.body;
      const what = end >= first ? `records ${first} to ${end}` : 'no records';
      return continues === '' ? what : `${what}: ${continues}'s log goes on after ${first - 1}`;
    }
    case 'snapshot':
      return `snapshot of ${letter.values.length} records, up to ${letter.body.position}`;
    case 'ack':
      return letter.body.code === '' ? `up to ${letter.body.position}` : letter.body.code;
    case 'handover':
      return `hand-over ${letter.body.move}: the log ends at ${letter.body.position}`;
    case 'taken':
      return `taken ${letter.move}${letter.code === '' ? '' : `: ${letter.code}`}`;
    case 'seal':
      return letter.cancel ? `go on: no ${letter.move} any more` : `seal ${letter.move}`;
    case 'sealed':
      return `${letter.done ? 'sealed, all is there' : 'not yet'}${letter.abort ? '; please abort' : ''} (${letter.move})`;
    case 'dismissed':
      return 'dismissed';
    case 'in-sync':
      return `${letter.peer} is in sync`;
    case 'row':
      return '';
  }
}
