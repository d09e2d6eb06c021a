// A lobby, players, autohosts and their battles in one runtime under a virtual clock. Here stand, in the place of sockets: gateways that attach
// and listen, clients that answer, and autohosts that do what they are asked.
import { entity, entityKey, playerId, shardOfKey } from '@muster/ports';
import type { AutohostUpdate, BattleUpdate } from '@muster/tachyon';
import type { AutohostSnapshot } from '../../autohost/contract.js';
import { Town } from '../../player/testdata/town.js';
import type { RequestNotice } from '../../requests/contract.js';

export const ENGINE = '2026.02.15';

/** What a client heard: `user/self` and the like, and what it was asked. */
export interface Heard {
  readonly name: string;
  readonly data: unknown;
}

export class BattleTown {
  readonly town = new Town('ann', 'bob', 'eve');
  readonly hosts = new Map<string, TownAutohost>();
  /** By user id. */
  readonly heard = new Map<string, Heard[]>();
  private gateways = 0;

  /** All are signed in; the first opens a lobby, the others come in; the second plays against the first. @returns the lobby's id */
  async lobby(): Promise<string> {
    for (const id of ['1', '2', '3']) await this.town.signIn(id, `g${id}#a/1`);
    const { town } = this;
    town.ask('1', 'g1#a/1', 'createLobby', LOBBY);
    await this.settle();
    const account = (await town.storage.accounts.byId(playerId('1')))!;
    if (account.username !== 'ann') throw new Error('accounts are not in order');
    const id = this.lobbyOf('1');
    for (const user of ['2', '3']) town.ask(user, `g${user}#a/1`, 'joinLobby', { id });
    await this.settle();
    this.ofLobby(id, '2', 'joinAllyTeam', { allyTeam: '1' });
    await this.settle();
    return id;
  }

  lobbyOf(user: string): string {
    const actor = this.state<{ places: { lobby: { id?: string } } }>('player', user);
    return actor.places.lobby.id!;
  }

  /** A request of that member to its lobby. @returns its number */
  ofLobby(lobby: string, user: string, command: string, data: unknown = null): number {
    return this.town.askOf(entity('lobby', lobby), user, `g${user}#a/1`, command, data);
  }

  host(id: string, changes: Partial<TownAutohost> = {}): TownAutohost {
    const host = Object.assign(new TownAutohost(this, id), changes);
    this.hosts.set(id, host);
    return host;
  }

  newGateway(): string {
    this.gateways += 1;
    return `h${this.gateways}#a`;
  }

  state<T>(kind: string, id: string): T {
    const ref = entity(kind, id);
    const shown = this.town.runtime.inspect(shardOfKey(entityKey(ref)), ref) as { readonly state: T } | undefined;
    if (!shown) throw new Error(`nothing is known of ${kind}/${id}`);
    return shown.state;
  }

  /** The process dies, its backup goes on; gateways attach again with what they have. */
  async nodeDies(): Promise<void> {
    this.drain();
    this.town.promote();
    for (const user of ['1', '2', '3']) {
      const session = `g${user}#a/1`;
      this.town.ask(user, session, 'attach', { session, gateway: `g${user}#a`, resume: true, login: 1 });
      await this.town.listen(`g${user}#a`, user, 'self');
    }
    for (const host of this.hosts.values()) await host.resume();
    await this.settle();
  }

  /** Time passes; whoever is asked answers. */
  async settle(ms = 50): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      await this.town.clock.advance(10);
      this.drain();
    }
  }

  /** What `user` heard since the last call, in words. */
  said(user: string): readonly string[] {
    const heard = this.heard.get(user) ?? [];
    this.heard.set(user, []);
    return heard.map(({ name }) => name);
  }

  /** Answers of requests: `ok`, or why not. */
  readonly replies = new Map<number, string>();

  private drain(): void {
    for (const seen of this.town.seen.splice(0)) {
      if (seen.type === 'reply') {
        const { outcome } = seen;
        this.replies.set(seen.request, outcome.ok ? 'ok' : String(outcome.details.details ?? outcome.details.reason));
        this.hosts.forEach((host) => {
          host.replied(seen.request, outcome.ok);
        });
      } else if (seen.topic === 'self' && seen.from.startsWith('autohost/'))
        this.hosts.get(seen.from.slice('autohost/'.length))?.hears(seen.gateway, seen.name, seen.data);
      else if (seen.topic === 'self') this.playerHears(seen.from, seen.name, seen.data);
    }
  }

  /** Clients start whatever they are asked to. */
  private playerHears(user: string, name: string, data: unknown): void {
    const heard = this.heard.get(user) ?? [];
    this.heard.set(user, heard);
    if (name !== 'muster:request') {
      if (!name.startsWith('muster:') && name !== '') heard.push({ name, data });
      return;
    }
    const { n, commandId, data: asked, session } = data as RequestNotice;
    heard.push({ name: commandId, data: asked });
    this.town.ask(user, session, 'answered', { n, ok: true, data: null });
  }
}

const LOBBY = {
  name: 'duel',
  mapName: 'Quicksilver Remake 1.24',
  allyTeamConfig: [0, 1].map((n) => ({
    maxTeams: 1,
    startBox: { top: 0, bottom: 1, left: n / 2, right: (n + 1) / 2 },
    teams: [{ maxPlayers: 1 }],
  })),
};

/** An autohost and the gateway that it is connected to. */
export class TownAutohost {
  readonly id: string;
  /** Scripts of the battles that it was given, by battle id. */
  readonly scripts = new Map<string, Readonly<Record<string, unknown>>>();
  readonly asked: string[] = [];
  /** Set: `autohost/start` fails so. */
  refuses: string | undefined;
  /** Set: nothing is answered. */
  isSilent = false;
  private readonly world: BattleTown;
  private readonly buffer: AutohostUpdate[] = [];
  private readonly known = new Set<number>();
  private session = '';
  private gateway = '';
  private subscribed = false;
  private told = 0;
  private time = 0;

  constructor(world: BattleTown, id: string) {
    this.world = world;
    this.id = id;
  }

  async connect(): Promise<this> {
    this.gateway = this.world.newGateway();
    this.session = `${this.gateway}/1`;
    this.subscribed = false;
    this.known.clear();
    const { session, gateway } = this;
    this.tell('attach', { session, gateway, region: 'default', resume: false });
    await this.world.settle();
    await this.world.town.listenTo(gateway, entity('autohost', this.id), 'self');
    this.status();
    await this.world.settle();
    return this;
  }

  /** Its socket is gone. What happens from now on is heard when it comes back. */
  async cut(): Promise<void> {
    this.tell('detach', { session: this.session });
    this.session = '';
    await this.world.settle();
  }

  /** Its gateway has found the actor's new owner. */
  async resume(): Promise<void> {
    if (this.session === '') return;
    const { session, gateway } = this;
    this.tell('attach', { session, gateway, region: 'default', resume: true });
    await this.world.town.listenTo(gateway, entity('autohost', this.id), 'self');
    // What was told and not answered is told again.
    this.flush(this.told);
  }

  happens(battleId: string, type: BattleUpdate['type'], more: object = {}): void {
    this.time = Math.max(this.time + 1, this.world.town.clock.now() * 1_000);
    this.buffer.push({ battleId, time: this.time, update: { type, ...more } as BattleUpdate });
    if (this.session !== '' && this.subscribed) this.flush(this.time - 1);
  }

  hears(gateway: string, name: string, data: unknown): void {
    if (gateway !== this.gateway || this.session === '') return;
    if (name === 'muster:request') this.serve(data as RequestNotice);
    if (name !== '') return;
    const snapshot = data as AutohostSnapshot;
    if (snapshot.session === this.session) for (const request of snapshot.requests) this.serve(request);
  }

  replied(_: number, ok: boolean): void {
    if (ok) this.told = this.time;
  }

  private serve({ n, commandId, data }: RequestNotice): void {
    if (this.known.has(n) || this.isSilent) return;
    this.known.add(n);
    this.asked.push(commandId);
    if (commandId === 'autohost/subscribeUpdates') {
      this.subscribed = true;
      this.answer({ n, ok: true, data: null });
      this.flush((data as { readonly since: number }).since);
    } else if (commandId === 'autohost/start') this.start(n, data as { readonly battleId: string });
    else this.answer({ n, ok: true, data: null });
  }

  private start(n: number, script: { readonly battleId: string }): void {
    if (this.refuses !== undefined) this.answer({ n, ok: false, reason: this.refuses });
    else if (this.scripts.has(script.battleId)) this.answer({ n, ok: false, reason: 'battle_already_exists' });
    else {
      this.scripts.set(script.battleId, script);
      this.answer({ n, ok: true, data: { ips: ['192.0.2.7'], port: 20_001 } });
      this.status();
    }
  }

  private status(): void {
    this.tell('status', { maxBattles: 4, currentBattles: this.scripts.size, availableEngines: [ENGINE] });
  }

  private flush(since: number): void {
    const updates = this.buffer.filter(({ time }) => time > since);
    if (updates.length > 0) this.tell('update', { updates });
  }

  private answer(data: object): void {
    this.tell('answered', data);
  }

  private tell(command: string, data: unknown): void {
    if (this.session !== '') this.world.town.askOf(entity('autohost', this.id), this.id, this.session, command, data);
  }
}
