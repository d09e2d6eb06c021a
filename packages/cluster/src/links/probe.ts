import {
  type Clock,
  type Log,
  type Metrics,
  type Network,
  type PeerId,
  peerId,
  type Random,
  token,
} from '@muster/ports';
import type { SelfInfo } from './handshake.js';
import type { PeersOptions } from './options.js';
import { PeerLink } from './peer-link.js';

/** `refused`: nobody listens there, on the same host the process is surely dead. `silent`: no answer in time, or a broken one. */
export type ProbeOutcome = 'alive' | 'other-incarnation' | 'refused' | 'silent';

export interface ProbeSetup {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Dials, says Hello and looks at who answers. Under a name of its own and the role `cli`: the answering side must not take it
 * for the link of this process and end that one.
 */
export function probe(
  { clock, random, network, metrics, log }: ProbeSetup,
  self: SelfInfo,
  options: PeersOptions,
  address: string,
  expected: PeerId,
): Promise<ProbeOutcome> {
  const prober: SelfInfo = { ...self, role: 'cli', peer: peerId(`probe-${token(random, 9)}`, '0'), address: '' };
  return new Promise((resolve) => {
    const link = new PeerLink({
      connection: network.dial(address),
      clock,
      metrics,
      log,
      self: () => prober,
      expected,
      helloTimeoutMs: options.probeTimeoutMs,
      events: {
        admit: () => undefined,
        greeted: () => {
          resolve('alive');
          link.end('disconnected');
        },
        envelope: () => undefined,
        writable: () => undefined,
        ended: (_, reason) => {
          if (reason === 'refused' || reason === 'other-incarnation') resolve(reason);
          else resolve('silent');
        },
      },
    });
  });
}
