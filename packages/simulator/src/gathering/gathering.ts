import type { Millis, PlayerId, SeededRandom } from '@muster/ports';
import type { Board } from './board.js';
import { PlacesView } from './places-view.js';
import { type GatheringRequest, nextGathering } from './requests.js';
import { Talk } from './talk.js';

export interface GatheringSetup {
  readonly player: PlayerId;
  readonly players: readonly PlayerId[];
  readonly board: Board;
  readonly random: SeededRandom;
  readonly now: () => Millis;
  readonly lostAt: (entity: string) => Millis;
  readonly heard: (message: string) => void;
}

/** One device's part in lobbies, parties and their chats. */
export class Gathering {
  readonly view: PlacesView;
  readonly talk: Talk;
  private readonly setup: GatheringSetup;

  constructor(setup: GatheringSetup) {
    const { player, now, lostAt, heard } = setup;
    this.setup = setup;
    this.view = new PlacesView({ player, now, lostAt });
    this.talk = new Talk({ player, view: this.view, now, lostAt, heard });
  }

  next(): GatheringRequest {
    const { player: self, players, board, random } = this.setup;
    return nextGathering({ self, players, view: this.view, board, random });
  }

  answered(messageId: string, failure: string, reply: unknown): void {
    this.view.answered(messageId, failure, reply);
    const { board } = this.setup;
    for (const kind of ['lobby', 'party'] as const) {
      const stay = this.view.stay(kind);
      if (stay) board.opened(kind, stay.id);
    }
  }
}
