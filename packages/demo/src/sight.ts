import type { MusterClient } from '@muster/client';
import { mergePatch } from '@muster/play';
import type { EventData, LobbyDetails, LobbyOverview } from '@muster/tachyon';

/** What a client is shown: its lobby and the list of all, kept up to date from the server's events. */
export class Sight {
  private readonly client: MusterClient;
  private inside: LobbyDetails | undefined;
  private list: EventData<'lobby/listReset'>['lobbies'] = {};

  constructor(client: MusterClient) {
    this.client = client;
    client.on('lobby/updated', (patch) => {
      if (this.inside?.id === patch.id) this.inside = mergePatch(this.inside, patch) as LobbyDetails;
    });
    client.on('lobby/left', ({ id }) => {
      if (this.inside?.id === id) this.inside = undefined;
    });
    client.on('lobby/listReset', ({ lobbies }) => {
      this.list = lobbies;
    });
    client.on('lobby/listUpdated', (patch) => {
      this.list = mergePatch(this.list, patch.lobbies) as typeof this.list;
    });
  }

  get lobby(): LobbyDetails | undefined {
    return this.inside;
  }

  get lobbies(): readonly LobbyOverview[] {
    return Object.values(this.list);
  }

  /** The reply to `lobby/create` or `lobby/join`. */
  entered(details: LobbyDetails): void {
    this.inside = details;
  }

  left(): void {
    this.inside = undefined;
  }

  /** After every connect: what ends with a connection is asked for again. @throws ClientError */
  async restore(): Promise<void> {
    const { currentLobby } = this.client.self!.user;
    this.inside = currentLobby === null ? undefined : await this.client.request('lobby/join', { id: currentLobby });
    await this.client.request('lobby/subscribeList');
  }
}
