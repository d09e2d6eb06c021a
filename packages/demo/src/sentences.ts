import type { Beat } from './battle-story.js';
import type { Wish } from './mind.js';

/** What a player did, for people; undefined: not worth a line. `lobby`: the name of the lobby that it was in. */
export function sentenceOf(wish: Wish, lobby: string): string | undefined {
  switch (wish.what) {
    case 'open':
      return `opens the lobby "${wish.theme.name}" on ${wish.theme.mapName}`;
    case 'enter':
      return `enters "${wish.name}"`;
    case 'sit':
      return `takes a place in team ${Number(wish.allyTeam) + 1} of "${lobby}"`;
    case 'wait':
      return `waits for a place in "${lobby}"`;
    case 'ready':
      return undefined;
    case 'start':
      return `starts the battle of "${lobby}"`;
    case 'watch':
      return `watches the battle of "${lobby}"`;
    case 'leave':
      return `leaves "${lobby}"`;
    case 'say':
      return `says in "${lobby}": ${wish.message}`;
    case 'map':
      return `would like to play "${lobby}" on ${wish.mapName}`;
    case 'vote':
      return `votes ${wish.vote} in "${lobby}"`;
  }
}

/** What happened in a battle; undefined: not worth a line. `nameOf`: the name of a player. */
export function battleSentenceOf(beat: Beat, nameOf: (userId: string) => string): string | undefined {
  switch (beat.what) {
    case 'begin':
      return 'the battle begins';
    case 'leave':
      return `${nameOf(beat.userId)} has lost its connection`;
    case 'return':
      return `${nameOf(beat.userId)} is back`;
    case 'defeat':
      return `${nameOf(beat.userId)} is defeated`;
    case 'finish':
      return `the battle is over, team ${beat.winner + 1} has won`;
    case 'say':
      return `${nameOf(beat.userId)} shouts: ${beat.message}`;
    case 'quit':
      return undefined;
  }
}
