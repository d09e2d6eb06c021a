import { entity } from '@muster/ports';
import type { Send } from '@muster/runtime';
import { chatOf } from '../chat/contract.js';
import { PLAYER_KIND } from '../player/contract.js';
import type { PartyNews } from './contract.js';
import { invitationOf, isMember, type Party, published } from './rules.js';

/** The party as one player is told of it. */
export function newsFor(id: string, party: Party, userId: string): PartyNews {
  const invitation = invitationOf(party, userId);
  const you = invitation && !isMember(party, userId) ? ({ invitedUntil: invitation.expiresAt } as const) : 'member';
  return { party: published(id, party, userId), version: party.version, you };
}

export interface Change {
  readonly before: Party | null;
  readonly after: Party | null;
  /** Who did it itself, and gets its answer another way. */
  readonly silentTo?: string;
}

/**
 * Who hears of a change: members and standing invitations the whole party, whoever is no longer invited that. Who is thrown out is told by
 * the membership protocol. A chat hears who its members are.
 */
export function newsOf(id: string, { before, after, silentTo }: Change): readonly Send[] {
  const sends: Send[] = [];
  const tell = (userId: string, command: string, data: unknown): void => {
    if (userId !== silentTo) sends.push({ to: entity(PLAYER_KIND, userId), command, data });
  };
  if (after && after.version !== before?.version) {
    for (const { userId } of after.members) tell(userId, 'partyUpdated', newsFor(id, after, userId));
    // Whose invitation just began to stand has heard of it already.
    for (const { userId, ticket } of after.invited)
      if (ticket === null && before && invitationOf(before, userId)?.ticket === null)
        tell(userId, 'partyUpdated', newsFor(id, after, userId));
  }
  for (const { userId } of before?.invited ?? [])
    if (!after || (!invitationOf(after, userId) && !isMember(after, userId))) tell(userId, 'partyRemoved', null);
  const [had, has] = [before, after].map((party) => party?.members.map(({ userId }) => userId) ?? []) as [
    string[],
    string[],
  ];
  if (had.join() !== has.join()) sends.push(chatNews(id, after));
  return sends;
}

/** Who may talk in the party's chat. */
export function chatNews(id: string, party: Party | null): Send {
  const members = party?.members.map(({ userId }) => userId) ?? [];
  return { to: chatOf('party', id), command: 'chatMembers', data: { members } };
}
