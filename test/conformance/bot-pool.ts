import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bot } from './stage.js';

/** As many as all cases of one run need: a bot whose connection was lost is taken for a while, and each costs the start a slow hash. */
const BOTS = 18;

/** Autohosts that a system knows from its configuration. */
export class BotPool {
  /** The configuration file. */
  readonly config: string;
  private readonly size: number;
  private used = 0;

  constructor(folder: string, size = BOTS) {
    this.size = size;
    this.config = join(folder, 'bots.toml');
    const bots = Array.from({ length: size }, (_, n) => `[[bots]]\nclientId = "bot${n}"\nsecret = "secret${n}"\n`);
    writeFileSync(this.config, bots.join('\n'));
  }

  next(): Bot {
    if (this.used === this.size) throw new Error('all bots are used');
    const n = this.used++;
    return { clientId: `bot${n}`, secret: `secret${n}` };
  }
}
