// All proxies of a chaos run, in a process of their own: a busy loop of the launcher or the clients must not look like a slow network.
import { answering } from '../../child.js';
import { TcpProxy } from './proxy.js';
import { LinkRules, type Passage, type Rule } from './rules.js';
import { socketOwners } from './socket-owner.js';

export interface ProxiedProcess {
  readonly target: string;
  /** What others dial, and where the process listens. */
  readonly port: number;
  readonly upstreamPort: number;
}

export type PassageCount = Passage & { readonly from: string; readonly to: string };

const rules = new LinkRules();
const proxies: TcpProxy[] = [];

answering({
  open: (targets: readonly ProxiedProcess[]): void => {
    // Whom we ask who dials: the launcher, whose children the processes are.
    const dialledBy = socketOwners(process.ppid);
    proxies.push(...targets.map((target) => new TcpProxy({ ...target, rules, dialledBy })));
  },
  treat: (all: readonly Rule[]): void => {
    for (const rule of all) rules.set(rule);
  },
  heal: (): void => {
    rules.clear();
    for (const proxy of proxies) proxy.healed();
  },
  /** Resets every connection that `name` has, dialled or accepted; returns how many. */
  reset: ({ name }: { readonly name: string }): number =>
    proxies.reduce((sum, proxy) => sum + proxy.reset((dialler) => proxy.target === name || dialler === name), 0),
  counts: (): readonly PassageCount[] => rules.counts,
});
