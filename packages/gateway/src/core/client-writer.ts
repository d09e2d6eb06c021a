import {
  type CommandDefinition,
  eventFrame,
  type Failure,
  failureFrame,
  requestFrame,
  responseFrame,
  type TachyonProtocol,
} from '@muster/tachyon';
import type { ClientSocket } from './client-socket.js';
import type { Traffic } from './traffic.js';

export interface ClientWriterLimits {
  /** Bytes that may wait in the socket when another frame comes. */
  readonly bufferMax: number;
  /** The command exists in the protocol of this connection. */
  speaks(commandId: string): boolean;
}

/** For all connections that speak one protocol. */
export function writerLimits(protocol: TachyonProtocol, bufferMax: number): ClientWriterLimits {
  return { bufferMax, speaks: (commandId) => protocol.definition(commandId) !== undefined };
}

/** Everything that goes to one client. */
export class ClientWriter {
  private readonly socket: ClientSocket;
  private readonly traffic: Traffic;
  private readonly limits: ClientWriterLimits;
  private readonly slow: () => void;
  private readonly eventPrefix: string;
  private events = 0;
  private ended = false;

  /** `slow`: more than `bufferMax` bytes wait in the socket. */
  constructor(socket: ClientSocket, session: string, traffic: Traffic, limits: ClientWriterLimits, slow: () => void) {
    this.socket = socket;
    this.traffic = traffic;
    this.limits = limits;
    this.slow = slow;
    this.eventPrefix = `${session}/`;
  }

  /** `data`: JSON text. An event that the client's protocol does not have is not for this client. */
  event(commandId: string, data: string): void {
    if (!this.limits.speaks(commandId)) {
      this.traffic.dropped('other_protocol');
      return;
    }
    this.events += 1;
    this.send(eventFrame(this.eventPrefix + this.events, commandId, data));
  }

  /** A request of the server. `data`: JSON text. @returns false where the client's protocol does not have it. */
  request(messageId: string, commandId: string, data: string | undefined): boolean {
    if (!this.limits.speaks(commandId)) {
      this.traffic.dropped('other_protocol');
      return false;
    }
    this.send(requestFrame(messageId, commandId, data));
    return true;
  }

  reply(messageId: string, { commandId }: CommandDefinition, data: string | undefined): void {
    this.traffic.requests += 1;
    this.send(responseFrame(messageId, commandId, data));
  }

  fail({ messageId, commandId }: { messageId: string; commandId: string }, failure: Failure): void {
    this.traffic.requests += 1;
    this.traffic.failures += 1;
    this.send(failureFrame(messageId, commandId, failure));
  }

  /** Nothing is sent any more. */
  end(): void {
    this.ended = true;
  }

  private send(frame: string): void {
    if (this.ended) return;
    this.traffic.framesOut += 1;
    this.traffic.bytesOut += frame.length;
    // What waited before this frame counts: a frame that is larger than the limit, as a long list of lobbies is, says nothing of its reader.
    if (this.socket.send(frame) - frame.length > this.limits.bufferMax) this.slow();
  }
}
