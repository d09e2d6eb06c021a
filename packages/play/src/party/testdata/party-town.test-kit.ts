import { expect } from '@jest/globals';
import { entity } from '@muster/ports';
import { type PartyState, TachyonProtocol } from '@muster/tachyon';
import { type Moved, NOTICE_PREFIX, type SelfSnapshot } from '../../player/contract.js';
import { Town } from '../../player/testdata/town.js';

const protocol = new TachyonProtocol();

/** What happens between any two steps: nothing; every process dies and its backup goes on; or all of it is stopped and started. */
export const BETWEENS = ['nothing', 'promotion', 'cold start'] as const;
export type Between = (typeof BETWEENS)[number];

/** Players 1, 2, 3 …, each with a client, in one town. What clients hear is held against its definition. */
export class PartyTown {
  readonly town: Town;
  readonly players: readonly string[];
  /** Id of the party that was made last. */
  party = '';
  private readonly between: Between;
  private heard: (readonly [player: string, what: string])[] = [];

  constructor(count: number, between: Between = 'nothing') {
    this.players = Array.from({ length: count }, (_, i) => String(i + 1));
    this.town = new Town(...this.players.map((id) => `user${id}`));
    this.between = between;
  }

  async open(): Promise<this> {
    for (const player of this.players) await this.town.signIn(player, this.session(player));
    return this;
  }

  session(player: string): string {
    return `g${player}#a/1`;
  }

  /** A command of this player's client: `ok`, or why not. */
  async does(player: string, command: string, data: object = {}): Promise<string> {
    const toParty = ['invite', 'cancelInvite', 'kickMember'].includes(command);
    const to = toParty ? entity('party', this.party) : entity('player', player);
    const request = this.town.askOf(to, player, this.session(player), command, data);
    await this.pass(30);
    const reply = this.replies.get(request);
    if (!reply) throw new Error(`${command} was not answered`);
    if (!reply.ok) return String(reply.details.reason ?? reply.code);
    const { moved, data: said } = (JSON.parse(reply.json) ?? {}) as Partial<Moved>;
    if (command === 'createParty') {
      this.party = moved!.id!;
      expect(shown((said as { party: PartyState }).party)).toBe(`${player}|`);
    }
    await this.shake();
    return 'ok';
  }

  /** Time passes; what clients hear is kept. */
  async pass(ms: number): Promise<void> {
    await this.town.clock.advance(ms);
    for (const seen of this.town.seen.splice(0)) {
      if (seen.type === 'reply') {
        this.replies.set(seen.request, seen.outcome);
        continue;
      }
      if (seen.name === '' || seen.name.startsWith(NOTICE_PREFIX) || seen.topic !== 'self') continue;
      const definition = protocol.definition(seen.name)!;
      expect([seen.name, protocol.check(definition, seen.data)]).toEqual([seen.name, undefined]);
      this.heard.push([seen.from, `${seen.name} ${this.said(seen.name, seen.data)}`]);
    }
  }

  /** What clients heard since the last call, by player. */
  news(): Readonly<Record<string, readonly string[]>> {
    const news: Record<string, string[]> = {};
    for (const [player, what] of this.heard.splice(0)) news[player] = [...(news[player] ?? []), what];
    return news;
  }

  /** `user/self`'s party and invitations, as they are told to a new connection. */
  async self(player: string): Promise<{ readonly party: string | null; readonly invited: readonly string[] }> {
    await this.town.listen('g9#z', player, 'self');
    await this.town.clock.advance(5);
    const told = this.town.seen.find((seen) => seen.type === 'event' && seen.gateway === 'g9#z' && seen.name === '');
    this.town.seen.length = 0;
    const { user } = (told as { data: SelfSnapshot }).data;
    expect(protocol.check(protocol.definition('user/self')!, { user })).toBeUndefined();
    return { party: user!.party && shown(user!.party), invited: user!.invitedToParties.map(shown) };
  }

  /** Whatever may happen between two steps. Connections come back as their gateways see to it. */
  async shake(between = this.between): Promise<void> {
    if (between === 'nothing') return;
    if (between === 'promotion') this.town.promote();
    else this.town.restart();
    for (const player of this.players) await this.comeBack(player);
    await this.pass(50);
  }

  async comeBack(player: string): Promise<void> {
    const session = this.session(player);
    const gateway = session.split('/')[0]!;
    this.town.ask(player, session, 'attach', { session, gateway, resume: true, login: 1 });
    await this.town.listen(gateway, player, 'self');
    await this.pass(5);
  }

  private readonly replies = new Map<number, import('@muster/runtime').Outcome>();

  private said(name: string, data: unknown): string {
    if (name === 'party/updated') return shown(data as PartyState);
    if (name === 'party/invited') return shown((data as { party: PartyState }).party);
    return (data as { partyId: string }).partyId === this.party ? 'it' : 'another';
  }
}

/** `members|invited` */
export function shown({ members, invited }: PartyState): string {
  const ids = (list: readonly { readonly userId: string }[]): string => list.map(({ userId }) => userId).join();
  return `${ids(members)}|${ids(invited)}`;
}
