import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevServer, serveDev } from '@muster/server';
import { BotPool } from './bot-pool.js';
import { TEST_LIMITS } from './limits.js';
import type { Peer } from './peer.js';
import type { Bot, SystemUnderTest } from './stage.js';

/** All roles in this very process, over real sockets. */
export class OneProcess implements SystemUnderTest {
  readonly deadlineMs = 12_000;
  readonly maybeRefreshes = false;
  /** Times that it was started. */
  starts = 0;
  private readonly data: string;
  private readonly bots: BotPool;
  private server: DevServer | undefined;
  private readonly restarts: boolean;

  /** `restarts`: between any two requests the whole system is stopped and started again. */
  constructor({ restarts = false }: { readonly restarts?: boolean } = {}) {
    this.data = mkdtempSync(join(tmpdir(), 'muster-conformance-'));
    // Every start looks whether each bot's secret is still the same, slowly on purpose; one is enough for what is played over restarts.
    this.bots = restarts ? new BotPool(this.data, 1) : new BotPool(this.data);
    this.restarts = restarts;
  }

  async start(): Promise<void> {
    this.starts += 1;
    const port = this.server ? Number(new URL(this.server.gateway).port) : 0;
    this.server = await serveDev({
      port,
      adminPort: 0,
      data: this.data,
      config: this.bots.config,
      overrides: TEST_LIMITS,
    });
  }

  get gateways(): readonly string[] {
    return [this.server!.gateway];
  }

  async between(peers: readonly Peer[]): Promise<void> {
    if (!this.restarts) return;
    await this.halt();
    await this.start();
    for (const peer of peers) {
      await peer.comeBack();
      // Said on the connection before.
      peer.mayHaveHeard('system/moveOn');
    }
  }

  nextBot(): Bot {
    return this.bots.next();
  }

  async stop(): Promise<void> {
    await this.halt();
    rmSync(this.data, { recursive: true, force: true });
  }

  private async halt(): Promise<void> {
    await this.server?.drain(AbortSignal.abort());
    await this.server?.stop();
  }
}
