// What must always hold (6): a player is in at most one party and one lobby, and what its actor says agrees with what they say once things are
// quiet. Three players with all their actors in a real runtime; messages are lost, processes die with and without their last second.
import { expect, test } from '@jest/globals';
import { entity, SeededRandom } from '@muster/ports';
import fc from 'fast-check';
import { allyTeams } from '../lobby/testdata/room.test-kit.js';
import type { LobbyState } from '../lobby/turn.js';
import type { PartyHolder } from '../party/party.js';
import type { PlaceKind } from '../player/contract.js';
import type { PlayerState } from '../player/state.js';
import { Town } from '../player/testdata/town.js';

const PLAYERS = ['1', '2', '3'];
const LOBBY = { name: 'A', mapName: 'Comet', allyTeamConfig: allyTeams(2, 1), areBossesEnabled: true };

class Life {
  readonly town = new Town('ann', 'bob', 'cid');
  private sessions = 0;
  private readonly session = new Map<string, string>();

  async begin(): Promise<this> {
    for (const player of PLAYERS) await this.signIn(player);
    this.town.store();
    return this;
  }

  async does(what: string, player: string, other: string): Promise<void> {
    const { town } = this;
    const partyId = pick(town.entities('party'), other);
    const lobbyId = pick(town.entities('lobby'), other);
    switch (what) {
      case 'lost':
        town.runtime.forgetSubscriber(this.gateway(player));
        return;
      case 'signs out':
        this.asks(player, 'player', player, 'detach', { session: this.session.get(player), clean: true });
        return;
      case 'signs in':
        return this.signIn(player);
      case 'invite':
      case 'kickMember':
        return this.asks(player, 'party', partyId, what, { userId: other });
      case 'kickban':
        return this.asks(player, 'lobby', lobbyId, what, { userId: other });
      case 'acceptPartyInvite':
      case 'declinePartyInvite':
        return this.asks(player, 'player', player, what, { partyId });
      case 'createLobby':
        return this.asks(player, 'player', player, what, LOBBY);
      default:
        return this.asks(player, 'player', player, what, { id: lobbyId });
    }
  }

  /** A process, or more, dies; gateways bring back what they hold. */
  async breaks(how: string, kind: string, nth: string): Promise<void> {
    const { town } = this;
    const refs = town.entities(kind);
    if (how === 'promote') town.promote();
    else if (how === 'store') town.store();
    else if (how === 'restart') town.restart();
    else if (refs.length > 0) town.rollBack(...(how === 'roll back all' ? refs : [refs[Number(nth) % refs.length]!]));
    if (how !== 'store') await this.comeBack();
  }

  async comeBack(): Promise<void> {
    for (const [player, session] of this.session) {
      const held = { userIds: [], messaging: false };
      const login = Number(session.slice(session.indexOf('/') + 1));
      const data = { session, gateway: this.gateway(player), resume: true, login, held };
      this.town.ask(player, session, 'attach', data);
      await this.town.listen(this.gateway(player), player, 'self');
    }
  }

  /** No more trouble, and time enough for both sides to have asked. */
  async settles(): Promise<void> {
    this.town.loses = () => false;
    await this.comeBack();
    await this.town.clock.advance(60_000);
    for (let i = 0; i < 3; i += 1) await this.town.clock.advance(301_000);
  }

  /** Where the player's own actor says that it is: `id op`. */
  says(player: string, kind: PlaceKind): string | null {
    const state = this.town.stateOf(entity('player', player)) as PlayerState | undefined;
    const place = state?.places[kind] ?? { phase: 'out' };
    if (place.phase !== 'in' && place.phase !== 'out') throw new Error(`${player} is ${place.phase} after all`);
    return place.phase === 'in' ? `${place.id} ${place.op}` : null;
  }

  /** Where parties or lobbies have the player. */
  had(player: string, kind: PlaceKind): readonly string[] {
    return this.town.entities(kind).flatMap((ref) => {
      const op = opIn(kind, this.town.stateOf(ref), player);
      return op === undefined ? [] : [`${ref.id} ${op}`];
    });
  }

  private gateway(player: string): string {
    return this.session.get(player)!.split('/')[0]!;
  }

  private asks(player: string, kind: string, id: string, command: string, data: unknown): void {
    this.town.askOf(entity(kind, id), player, this.session.get(player)!, command, data);
  }

  private async signIn(player: string): Promise<void> {
    this.sessions += 1;
    const session = `g${this.sessions}#a/${this.sessions}`;
    this.session.set(player, session);
    this.town.ask(player, session, 'attach', { session, gateway: this.gateway(player), resume: false });
    await this.town.clock.advance(2);
    await this.town.listen(this.gateway(player), player, 'self');
  }
}

function opIn(kind: PlaceKind, state: unknown, player: string): string | undefined {
  if (kind === 'party')
    return (state as PartyHolder | undefined)?.party?.members.find(({ userId }) => userId === player)?.op;
  return (state as LobbyState | undefined)?.lobby?.inside.members[player]?.op;
}

function pick(refs: readonly { readonly id: string }[], nth: string): string {
  return refs[Number(nth) % Math.max(1, refs.length)]?.id ?? 'none';
}

const deed = fc.record({
  what: fc.constantFrom(
    ...[
      'createParty',
      'invite',
      'invite',
      'acceptPartyInvite',
      'acceptPartyInvite',
      'declinePartyInvite',
      'leaveParty',
      'kickMember',
    ],
    ...['createLobby', 'joinLobby', 'joinLobby', 'leaveLobby', 'kickban', 'lost', 'signs out', 'signs in'],
  ),
  player: fc.constantFrom(...PLAYERS),
  other: fc.constantFrom(...PLAYERS),
});
const trouble = fc.record({
  how: fc.constantFrom('promote', 'store', 'store', 'restart', 'roll back one', 'roll back one', 'roll back all'),
  kind: fc.constantFrom('player', 'party', 'lobby'),
  nth: fc.constantFrom('0', '1', '2'),
});
const moments = fc.array(
  fc.record({ waitMs: fc.nat(40), step: fc.oneof({ weight: 5, arbitrary: deed }, { weight: 2, arbitrary: trouble }) }),
  { minLength: 10, maxLength: 40, size: 'max' },
);

test('whatever is lost and whoever dies: in the end every player is where its party and its lobby have it, and nowhere else', async () => {
  const seen = { in: 0, out: 0 };
  await fc.assert(
    fc.asyncProperty(moments, fc.nat(), async (story, seed) => {
      const life = await new Life().begin();
      const random = new SeededRandom(seed);
      life.town.loses = () => random.next() < 0.1;
      for (const { waitMs, step } of story) {
        if ('what' in step) await life.does(step.what, step.player, step.other);
        else await life.breaks(step.how, step.kind, step.nth);
        await life.town.clock.advance(waitMs);
      }
      await life.settles();
      for (const player of PLAYERS)
        for (const kind of ['party', 'lobby'] as const) {
          const said = life.says(player, kind);
          seen[said === null ? 'out' : 'in'] += 1;
          expect([player, kind, ...life.had(player, kind)]).toEqual([player, kind, ...(said === null ? [] : [said])]);
        }
    }),
    { numRuns: 40 },
  );
  // Else nothing was tried.
  expect(Math.min(seen.in, seen.out)).toBeGreaterThan(10);
}, 120_000);
