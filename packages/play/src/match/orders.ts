import { entity } from '@muster/ports';
import type { Send } from '@muster/runtime';
import { AUTOHOST_KIND, type BattleCommand } from '../autohost/contract.js';
import type { MatchState } from './state.js';

/** What the autohost is to do. `tag`: its answer comes back with it. */
export function order(
  { host }: MatchState,
  commandId: BattleCommand,
  data: Readonly<Record<string, unknown>>,
  tag?: string,
): Send {
  return {
    to: entity(AUTOHOST_KIND, host!.autohost),
    command: 'battleCommand',
    data: { commandId, data, ...(tag === undefined ? {} : { tag }) },
  };
}

/** Tells an autohost that the battle is not there, or no longer. `kill`: its engine may run. */
export function dismissal(autohost: string, kill = true): Send {
  return { to: entity(AUTOHOST_KIND, autohost), command: 'forgetBattle', data: { kill } };
}
