/** Lines of a log without those of a process that the machine held up: a member freezes then, as it should, and that is nobody's doing here. */
export function withoutHoldUps(log: string): readonly string[] {
  return log.split('\n').filter((line) => line !== '' && !line.includes('"event":"member.frozen"'));
}
