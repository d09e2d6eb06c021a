import type { BattleRecord, Battles, PlayerId } from '@muster/ports';
import { checkBattle } from './storable.js';

export class MemoryBattles implements Battles {
  private readonly battles = new Map<string, BattleRecord>();
  private readonly open: () => void;

  constructor(open: () => void) {
    this.open = open;
  }

  async record(battle: BattleRecord): Promise<void> {
    this.open();
    checkBattle(battle);
    if (!this.battles.has(battle.battleId)) this.battles.set(battle.battleId, structuredClone(battle));
  }

  async byId(battleId: string): Promise<BattleRecord | undefined> {
    this.open();
    return this.battles.get(battleId);
  }

  async of(id: PlayerId, max: number): Promise<readonly string[]> {
    this.open();
    return [...this.battles.values()]
      .filter(({ players }) => players.some(({ userId }) => userId === id))
      .sort((a, b) => b.endedAt - a.endedAt || (a.battleId < b.battleId ? -1 : 1))
      .slice(0, max)
      .map(({ battleId }) => battleId);
  }
}
