import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeListDocument, StatusDocument } from '@muster/coordinator';
import { TestCluster } from '../cluster/local-cluster.js';
import { pause } from '../cluster/until.js';
import { BotPool } from './bot-pool.js';
import { TEST_LIMITS } from './limits.js';
import type { Bot, SystemUnderTest } from './stage.js';

const NODES = 3;
/** Between two kills at least. */
const KILL_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 200;

/** A real cluster: two coordinators, three nodes, two gateways, etcd and a database, each a process of its own. */
export class RealProcesses implements SystemUnderTest {
  /** A node takes the newest of its streams' events with it: who missed one is told the state. */
  readonly maybeRefreshes = true;
  /** What is not backed up, the list of hosts above all, is placed anew only when its dead owner surely is: seconds later, and more than once. */
  readonly deadlineMs = 60_000;
  /** Nodes that were killed, in order. */
  readonly killed: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'muster-conformance-'));
  private readonly bots = new BotPool(this.folder);
  private cluster: TestCluster | undefined;
  private killer: Promise<void> | undefined;
  private stopping = false;

  async start(): Promise<void> {
    const patience = [`gateway.requestTimeoutMs=${this.deadlineMs}`, `match.tellOwnerMs=${this.deadlineMs}`];
    const limits = [...TEST_LIMITS, ...patience].flatMap((limit) => ['--set', limit]);
    const shape = ['--nodes', String(NODES), '--gateways', '2', '--restart', '--config', this.bots.config];
    this.cluster = await TestCluster.start([...shape, ...limits]);
  }

  get gateways(): readonly string[] {
    return this.cluster!.document.gateways;
  }

  /** What its processes logged. */
  get log(): string {
    return this.cluster!.log;
  }

  async between(): Promise<void> {}

  nextBot(): Bot {
    return this.bots.next();
  }

  /** From now on a node is killed as soon as everything has its second place again, but not more often than every five seconds. */
  startKilling(): void {
    this.killer ??= this.killOn();
  }

  /** No more kills; resolves when everything has its second place again. */
  async stopKilling(): Promise<void> {
    this.stopping = true;
    await this.killer;
    while (!(await this.isInSync())) await pause(LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.killer;
    await this.cluster?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async killOn(): Promise<void> {
    for (let killedAt = Number.NEGATIVE_INFINITY; !this.stopping; await pause(LOOK_EVERY_MS)) {
      if (performance.now() - killedAt < KILL_EVERY_MS || !(await this.isInSync())) continue;
      const { nodes } = await this.cluster!.admin<NodeListDocument>('node.list');
      // Each in its turn: over time every actor loses its owner, and its backup.
      const { id } = nodes[this.killed.length % nodes.length]!;
      this.cluster!.kill(id, 'SIGKILL');
      this.killed.push(id);
      killedAt = performance.now();
    }
  }

  private async isInSync(): Promise<boolean> {
    // The coordinator that is asked may not know yet who leads.
    const status = await this.cluster!.admin<StatusDocument>('status').catch(() => undefined);
    if (!status) return false;
    const { nodes, shards } = status;
    const { total, backed, learning, moving } = shards;
    return nodes.up === NODES && backed === total && learning === 0 && moving === 0;
  }
}
