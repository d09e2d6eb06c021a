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

/** What a case shows in which players are told this, or asked it, and others who are connected are not. */
export function notToAll(commandId: string): string {
  return `${commandId}, and not to everybody`;
}

/**
 * Everything that the cases have to show: of every served command that it happens; each reason for which it fails, wrong data too; and of what the
 * server says to players by itself, that only some of those who are connected hear it.
 */
export function wanted(definitions: readonly CommandDefinition[] = COMMANDS): readonly string[] {
  return definitions
    .filter(({ unserved }) => !unserved)
    .flatMap((definition) => {
      const { commandId, reasons = [], direction } = definition;
      const wrong = takesData(definition) ? ['invalid_request'] : [];
      const partly = direction === 'server→user' && commandId !== 'user/self' ? [notToAll(commandId)] : [];
      return [commandId, ...[...wrong, ...reasons].map((reason) => `${commandId} ${reason}`), ...partly];
    });
}

/** It is a request of clients, and something may be wrong with its data. */
export function takesData({ kind, direction, data }: CommandDefinition): boolean {
  return kind === 'request' && !direction.startsWith('server') && fieldsOf(data).length > 0;
}

/** Data that cannot be right for the command: none of its fields is a list of lists. */
export function wrongData({ data }: CommandDefinition): Readonly<Record<string, unknown>> {
  return Object.fromEntries(fieldsOf(data).map((field) => [field, [[]]]));
}

function fieldsOf(schema: CommandDefinition['data']): readonly string[] {
  const { properties, anyOf = [] } = (schema ?? {}) as {
    readonly properties?: object;
    readonly anyOf?: readonly NonNullable<CommandDefinition['data']>[];
  };
  return properties ? Object.keys(properties) : anyOf.flatMap(fieldsOf);
}

/** What is wanted and was not shown. */
export function notShown(shown: ReadonlySet<string>): readonly string[] {
  return wanted().filter((one) => !shown.has(one) && !isExcused(one));
}

/** What is shown elsewhere altogether is so for whom it does not reach. */
function isExcused(one: string): boolean {
  return Object.keys(SHOWN_ELSEWHERE).some((excused) => one === excused || one === notToAll(excused));
}

/** Excuses that nobody needs: it was shown, or there is no such thing. */
export function needlessExcuses(shown: ReadonlySet<string>): readonly string[] {
  const all = new Set(wanted());
  return Object.keys(SHOWN_ELSEWHERE).filter((one) => shown.has(one) || !all.has(one));
}
