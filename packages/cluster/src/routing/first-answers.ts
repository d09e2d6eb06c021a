import { entityKey, type Millis, type ShardId } from '@muster/ports';
import type { RouterOptions } from './options.js';
import type { Pending, WaitingLine } from './waiting-line.js';

interface Opening {
  /** Commands that may still be sent. */
  left: number;
  readonly until: Millis;
}

/**
 * How fast what has piled up goes to a new owner. After a death hundreds of shards come to one process, each with a second of commands and more; all at
 * once they would hold up its own first steps, and with them every answer. So each shard sends what it takes for every sender to have sent
 * something of each kind, and with each answer some more, in the same order as ever (K14). Answers may take long where actors defer them: after
 * `openingMs` the rest goes whatever was answered.
 */
export class FirstAnswers {
  private readonly options: Pick<RouterOptions, 'openingCommands' | 'openingMs'>;
  private readonly openings = new Map<ShardId, Opening>();

  constructor(options: Pick<RouterOptions, 'openingCommands' | 'openingMs'>) {
    this.options = options;
  }

  /** A flight begins. */
  begin(shard: ShardId, line: WaitingLine | undefined, now: Millis): void {
    const { openingCommands, openingMs } = this.options;
    this.openings.delete(shard);
    if (!line || line.held <= openingCommands) return;
    const left = Math.max(openingCommands, untilAllHad(line));
    if (left < line.held) this.openings.set(shard, { left, until: now + openingMs });
  }

  /** Whether the next command may be sent now: it is counted. */
  take(shard: ShardId, now: Millis): boolean {
    // Asked for every command.
    if (this.openings.size === 0) return true;
    const opening = this.openings.get(shard);
    if (!opening) return true;
    if (now >= opening.until) {
      this.openings.delete(shard);
      return true;
    }
    if (opening.left === 0) return false;
    opening.left -= 1;
    return true;
  }

  /** What was taken was not sent. */
  giveBack(shard: ShardId): void {
    const opening = this.openings.get(shard);
    if (opening) opening.left += 1;
  }

  /** @returns whether more may be sent than before */
  answered(shard: ShardId): boolean {
    if (this.openings.size === 0) return false;
    const opening = this.openings.get(shard);
    if (!opening) return false;
    opening.left += this.options.openingCommands;
    return true;
  }

  /** Nothing waits any more: what comes goes at once. */
  end(shard: ShardId): void {
    if (this.openings.size > 0) this.openings.delete(shard);
  }
}

/** How many, from the first, it takes until everybody has had the first of each kind of command. */
function untilAllHad(line: WaitingLine): number {
  const seen = new Set<string>();
  let [count, last] = [0, 0];
  line.each((pending) => {
    count += 1;
    const size = seen.size;
    if (seen.add(kindOf(pending)).size > size) last = count;
  });
  return last;
}

function kindOf({ call: { origin, name } }: Pending): string {
  const who =
    origin.type === 'client' ? origin.session : origin.type === 'entity' ? entityKey(origin.from) : origin.who;
  return `${who} ${name}`;
}
