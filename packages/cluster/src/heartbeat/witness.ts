import type { PeerId } from '@muster/ports';
import type { Peers } from '../links/peers.js';

/** Probes that one witness has under way. More are passed over: the leader asks again. */
const PROBES_MAX = 64;

/** Answers the leader's question whether some process can be reached from here (protocol.ts). */
export function serveProbes(peers: Peers): void {
  let underWay = 0;
  peers.on('probe', (from, { body, epoch }) => {
    if (from.role !== 'coordinator' || body.address === '' || underWay >= PROBES_MAX) return;
    underWay += 1;
    void peers.probe(body.address, body.peer as PeerId).then((outcome) => {
      underWay -= 1;
      peers.send(from.peer, 'control', { type: 'probeResult', epoch, body: { number: body.number, outcome } });
    });
  });
}
