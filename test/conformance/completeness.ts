import { COMMANDS, type CommandDefinition } from '@muster/tachyon';

/** What no case shows, and where it is shown instead or why it cannot be. */
const SHOWN_ELSEWHERE: Readonly<Record<string, string>> = {
  'lobby/joinBattle battle_full': 'takes 254 participants: play/match, play/lobby',
  'chat/join room_full': 'takes 251 members: play/room',
  'autohost/joinRoom room_full': 'takes 251 members: play/room',
  'chat/left': 'a room must be lost with two nodes: play/room',
  'autohost/leftRoom': 'a room must be lost with two nodes: play/room',
  'autohost/kickPlayer': 'an operator asks for it: test/cluster/battles.test.ts',
  'autohost/mutePlayer': 'an operator asks for it: test/cluster/battles.test.ts',
  'autohost/specPlayers': 'an operator asks for it: test/cluster/battles.test.ts',
  'autohost/sendMessage': 'an operator asks for it: test/cluster/battles.test.ts',
  'autohost/sendCommand': 'an operator asks for it: test/cluster/battles.test.ts',
  'autohost/installEngine': 'an operator asks for it: test/cluster/battles.test.ts',
  'system/moveOn': 'a gateway must stop for it: test/cluster/drain.test.ts',
};

/** Everything that the cases have to show: of every served command that it happens, and each reason for which it fails. */
export function wanted(definitions: readonly CommandDefinition[] = COMMANDS): readonly string[] {
  return definitions
    .filter(({ unserved }) => !unserved)
    .flatMap(({ commandId, reasons = [] }) => [commandId, ...reasons.map((reason) => `${commandId} ${reason}`)]);
}

/** What is wanted and was not shown. */
export function notShown(shown: ReadonlySet<string>): readonly string[] {
  return wanted().filter((one) => !shown.has(one) && SHOWN_ELSEWHERE[one] === undefined);
}

/** Excuses that nobody needs: it was shown, or there is no such thing. */
export function needlessExcuses(shown: ReadonlySet<string>): readonly string[] {
  const all = new Set(wanted());
  return Object.keys(SHOWN_ELSEWHERE).filter((one) => shown.has(one) || !all.has(one));
}
