import type { ClanChange, ClanRecord, PlayerId } from '@muster/ports';

/** Whose clan or invitations look different after the change; `clan` as it was before. */
export function touchedBy(change: ClanChange, clan: ClanRecord | undefined): readonly PlayerId[] {
  const members = clan?.members.map(({ userId }) => userId) ?? [];
  switch (change.type) {
    case 'found':
      return [change.leader];
    case 'rename':
      return members;
    case 'disband':
      return [...members, ...(clan?.invited ?? [])];
    case 'join':
    case 'leave':
    case 'invite':
    case 'uninvite':
      return [change.userId];
    case 'rank':
      return [];
  }
}
