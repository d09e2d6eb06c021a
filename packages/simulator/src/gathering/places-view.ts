import { mergePatch } from '@muster/play';
import type { Millis, PlayerId } from '@muster/ports';
import type { LobbyDetails, LobbyOverview, LobbyPatch, PartyState, PrivateUser } from '@muster/tachyon';

export type GatheringKind = 'lobby' | 'party';

/** One time in one place, as a client was told of it. */
export interface Stay {
  readonly kind: GatheringKind;
  readonly id: string;
  readonly since: Millis;
  /** Infinity: it lasts. */
  until: Millis;
}

export interface PlacesViewSetup {
  readonly player: PlayerId;
  readonly now: () => Millis;
  /** When what was in this entity's shard was last lost. */
  readonly lostAt: (entity: string) => Millis;
}

const MOVES: { readonly [K in GatheringKind]: readonly string[] } = {
  lobby: ['lobby/create', 'lobby/join', 'lobby/leave'],
  party: ['party/create', 'party/acceptInvite', 'party/leave'],
};

/** A client is far away, and its gateway may stand still meanwhile: so long after a loss it may still be told of the time before. */
const LATE_MS: Millis = 10_000;

/** A request that waits for its answer. */
interface Asked {
  readonly commandId: string;
  readonly data: unknown;
}

/**
 * What one device knows of its lobby, its party, its invitations and the list of lobbies, built from nothing but what it is told. Whatever does
 * not fit into that is wrong: a gap in a lobby's numbers, a change before the answer that it was made by, a word of a place where it is not.
 */
export class PlacesView {
  /** Absent: where it is, but not how that looks; only its own request for it tells. */
  details: LobbyDetails | undefined;
  party: PartyState | null = null;
  readonly invitations = new Map<string, PartyState>();
  /** undefined: it does not show the list, or has not got it yet. */
  list: Map<string, LobbyOverview> | undefined;
  wantsList = false;
  private readonly setup: PlacesViewSetup;
  private readonly stays: { [K in GatheringKind]?: Stay } = {};
  private readonly asked = new Map<string, Asked>();
  /** When the details were told. */
  private toldAt: Millis = Number.NEGATIVE_INFINITY;
  /** What it asked for failed in a way that does not say where it is now. */
  readonly unsure = new Set<GatheringKind>();
  /** Invitations that it declined, and was not told whether that was done: where it was, nobody says so by another way. */
  readonly unsureInvitations = new Set<string>();
  readonly counts = { updates: 0, lists: 0, parties: 0 };

  constructor(setup: PlacesViewSetup) {
    this.setup = setup;
  }

  stay(kind: GatheringKind): Stay | undefined {
    return this.stays[kind];
  }

  isAsking(commandId: string): boolean {
    for (const asked of this.asked.values()) if (asked.commandId === commandId) return true;
    return false;
  }

  /** It has asked for another place of this kind, or for none. */
  isMoving(kind: GatheringKind): boolean {
    return MOVES[kind].some((commandId) => this.isAsking(commandId));
  }

  /** A connection begins. */
  connecting(): void {
    this.asked.clear();
    this.details = undefined;
    this.list = undefined;
    this.wantsList = false;
  }

  requested(messageId: string, commandId: string, data: unknown): void {
    this.asked.set(messageId, { commandId, data });
    if (commandId === 'lobby/subscribeList') this.wantsList = true;
    if (commandId === 'lobby/unsubscribeList') this.wantsList = false;
  }

  /** @returns what is wrong with it, if anything. */
  event(commandId: string, data: unknown): string | undefined {
    switch (commandId) {
      case 'user/self':
        return this.self((data as { readonly user: PrivateUser }).user);
      case 'lobby/updated':
        return this.updated(data as LobbyPatch);
      case 'lobby/voteEnded':
        return this.voteEnded(data as { readonly id: string; readonly outcome: string });
      case 'lobby/left':
        return this.left((data as { readonly id: string }).id);
      case 'lobby/listReset':
        this.counts.lists += 1;
        this.list = new Map(Object.entries((data as { readonly lobbies: Record<string, LobbyOverview> }).lobbies));
        return this.wantsList || this.isAsking('lobby/unsubscribeList') ? undefined : 'a list that it does not want';
      case 'lobby/listUpdated':
        return this.listUpdated((data as { readonly lobbies: Record<string, LobbyOverview | null> }).lobbies);
      case 'party/invited':
        return this.invited((data as { readonly party: PartyState }).party);
      case 'party/updated':
        return this.partyUpdated(data as PartyState);
      case 'party/removed':
        return this.partyRemoved((data as { readonly partyId: string }).partyId);
      default:
        return undefined;
    }
  }

  /** `failure`: empty where it succeeded. */
  answered(messageId: string, failure: string, reply: unknown): void {
    const asked = this.asked.get(messageId);
    this.asked.delete(messageId);
    if (!asked) return;
    const { commandId, data } = asked;
    for (const kind of ['lobby', 'party'] as const) {
      if (!MOVES[kind].includes(commandId)) continue;
      if (failure === 'internal_error') this.unsure.add(kind);
      else if (failure === '' || commandId === 'lobby/leave') this.unsure.delete(kind);
    }
    if (failure === 'internal_error' && commandId === 'party/declineInvite')
      this.unsureInvitations.add((data as { readonly partyId: string }).partyId);
    if (failure === '') this.obeyed(commandId, data, reply);
    else if (failure !== 'internal_error' && commandId === 'lobby/leave') this.moved('lobby', null);
  }

  private obeyed(commandId: string, data: unknown, reply: unknown): void {
    if (commandId === 'lobby/create' || commandId === 'lobby/join') this.entered(reply as LobbyDetails);
    else if (commandId === 'lobby/unsubscribeList') this.list = undefined;
    else if (commandId === 'lobby/leave') this.moved('lobby', null);
    else if (commandId === 'party/create') this.joined((reply as { readonly party: PartyState }).party);
    else if (commandId === 'party/acceptInvite') this.accepted((data as { readonly partyId: string }).partyId);
    else if (commandId === 'party/leave') this.moved('party', null);
    else if (commandId === 'party/declineInvite') this.uninvited((data as { readonly partyId: string }).partyId);
  }

  private self({ currentLobby, party, invitedToParties }: PrivateUser): undefined {
    this.moved('lobby', currentLobby);
    this.moved('party', party?.id ?? null);
    this.party = party;
    this.invitations.clear();
    this.unsureInvitations.clear();
    this.unsure.clear();
    for (const invitation of invitedToParties) this.invitations.set(invitation.id, invitation);
  }

  /** In this place from now on, or still, or in none. */
  private moved(kind: GatheringKind, id: string | null): void {
    const before = this.stays[kind];
    if ((before?.id ?? null) === id) return;
    if (before) before.until = this.setup.now();
    if (id === null) delete this.stays[kind];
    else this.stays[kind] = { kind, id, since: this.setup.now(), until: Number.POSITIVE_INFINITY };
    if (kind === 'lobby') this.details = undefined;
    else this.party = null;
  }

  private entered(details: LobbyDetails): void {
    this.moved('lobby', details.id);
    this.details = details;
    this.toldAt = this.setup.now();
  }

  private joined(party: PartyState): void {
    this.uninvited(party.id);
    this.moved('party', party.id);
    this.party = party;
  }

  /** How the party looks now it says itself, after this. */
  private accepted(id: string): void {
    const invitation = this.invitations.get(id) ?? null;
    this.uninvited(id);
    this.moved('party', id);
    this.party = invitation;
  }

  private updated(patch: LobbyPatch): string | undefined {
    const { lobby } = this.stays;
    this.counts.updates += 1;
    if (patch.id !== lobby?.id && this.unsure.has('lobby')) return undefined;
    if (patch.id !== lobby?.id) return `lobby/updated of ${patch.id} in ${lobby?.id ?? 'no lobby'}`;
    const early = this.early(patch);
    if (early) return early;
    if (!this.details) return undefined;
    const { eventNumber: before = 0 } = this.details;
    const { events = 1, ...changes } = patch;
    const { eventNumber = 0 } = changes;
    const wasLost = this.setup.lostAt(`lobby/${lobby.id}`) + LATE_MS >= this.toldAt;
    if (eventNumber !== before + events && !wasLost)
      return `lobby/updated ${eventNumber} (${events} events) of ${lobby.id} after ${before}`;
    if (wasLost) this.toldAt = this.setup.now();
    this.details = mergePatch(this.details, changes) as LobbyDetails;
    return undefined;
  }

  /** K16: what this client itself does, it is answered first. Names are given once only. */
  private early(patch: LobbyPatch): string | undefined {
    for (const [messageId, { commandId, data }] of this.asked)
      if (commandId === 'lobby/update' && patch.name !== undefined && (data as { name?: string }).name === patch.name)
        return `the change that ${messageId} made came before its answer`;
    return undefined;
  }

  private voteEnded({ id, outcome }: { readonly id: string; readonly outcome: string }): string | undefined {
    if (this.unsure.has('lobby')) return undefined;
    if (!this.stays.lobby) return `lobby/voteEnded ${id} in no lobby`;
    const past = this.details?.voteHistory?.[id];
    return this.details && past?.outcome !== outcome
      ? `vote ${id} ended as ${outcome}, not ${past?.outcome}`
      : undefined;
  }

  private left(id: string): string | undefined {
    const { lobby } = this.stays;
    if (lobby?.id !== id && this.unsure.has('lobby')) return undefined;
    if (lobby?.id !== id) return `lobby/left of ${id} in ${lobby?.id ?? 'no lobby'}`;
    this.moved('lobby', null);
    return undefined;
  }

  private listUpdated(lobbies: Readonly<Record<string, LobbyOverview | null>>): string | undefined {
    if (!this.list) return 'a change of a list that it has not got';
    for (const [id, line] of Object.entries(lobbies)) {
      if (line === null) this.list.delete(id);
      else this.list.set(id, mergePatch(this.list.get(id) ?? {}, line) as LobbyOverview);
    }
    return undefined;
  }

  private uninvited(id: string): void {
    this.invitations.delete(id);
    this.unsureInvitations.delete(id);
  }

  private invited(party: PartyState): string | undefined {
    this.unsureInvitations.delete(party.id);
    this.invitations.set(party.id, party);
    if (party.invited.some(({ userId }) => userId === this.setup.player)) return undefined;
    return `an invitation to ${party.id} that does not say so`;
  }

  private partyUpdated(party: PartyState): string | undefined {
    this.counts.parties += 1;
    const isMember = party.members.some(({ userId }) => userId === this.setup.player);
    if (this.stays.party?.id === party.id) {
      this.party = party;
      return isMember ? undefined : `a party of its own, ${party.id}, without it`;
    }
    for (const [messageId, { commandId, data }] of this.asked)
      if (commandId === 'party/acceptInvite' && isMember && (data as { partyId: string }).partyId === party.id)
        return `the party that ${messageId} entered spoke before its answer`;
    if (isMember && this.unsure.has('party')) {
      this.joined(party);
      return undefined;
    }
    if (!this.invitations.has(party.id)) return `party/updated of ${party.id}, which is not its own and invites it not`;
    this.invitations.set(party.id, party);
    return undefined;
  }

  private partyRemoved(id: string): string | undefined {
    const isKnown = this.stays.party?.id === id || this.invitations.has(id);
    if (this.stays.party?.id === id) this.moved('party', null);
    this.uninvited(id);
    return isKnown || this.unsure.has('party') ? undefined : `party/removed of ${id}, which it does not know`;
  }
}
