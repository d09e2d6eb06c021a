import type { Counter, Gauge, Metrics } from '@muster/ports';
import type { TokenFault } from '../oauth/token-verifier.js';

/** Why no WebSocket was opened. */
export type RefusedConnection =
  | 'address_limit'
  | 'address_connections'
  | 'connections'
  | 'account_limit'
  | 'login_limit'
  | 'login_queue'
  | 'subprotocol'
  | 'token'
  | 'role'
  | 'banned'
  | 'unknown_account'
  | 'storage'
  | 'path'
  | 'handshake'
  | 'stopping';

/** What the port saw. */
export class EdgeCounts {
  private readonly accepted: Counter;
  private readonly refused: Counter;
  private readonly faults: Counter;
  private readonly requests: Counter;
  private readonly cuts: Counter;
  private readonly uncounted: Counter;
  private readonly sockets: Gauge;

  constructor(metrics: Metrics) {
    const counter = (what: string, help: string): Counter => metrics.counter(`muster_gateway_${what}_total`, help);
    this.accepted = counter('connections_accepted', 'WebSockets opened');
    this.refused = counter('connections_refused', 'WebSockets refused, by reason');
    this.faults = counter('auth_failures', 'Tokens refused, by reason');
    this.requests = counter('http_requests', 'HTTP requests answered, by status');
    this.cuts = counter('connections_cut', 'Sockets cut, by reason');
    this.uncounted = counter('logins_uncounted', "Sign-ins that the account's actor could not count in time");
    this.sockets = metrics.gauge('muster_gateway_websockets', 'Open WebSockets');
  }

  opened(open: number): void {
    this.accepted.add();
    this.sockets.set(open);
  }

  closed(open: number): void {
    this.sockets.set(open);
  }

  refusedConnection(reason: RefusedConnection): void {
    this.refused.add(1, { reason });
  }

  loginUncounted(): void {
    this.uncounted.add();
  }

  authFailed(reason: TokenFault | 'unknown_account' | 'banned'): void {
    this.faults.add(1, { reason });
  }

  answered(status: number): void {
    this.requests.add(1, { status: String(status) });
  }

  cut(reason: 'block_list' | 'connections' | 'handshake_timeout' | 'frame'): void {
    this.cuts.add(1, { reason });
  }
}
