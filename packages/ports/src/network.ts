/** Why a connection ended. `refused`: nobody listens there (on the same host: the process is surely dead). */
export type CloseReason = 'refused' | 'unreachable' | 'reset' | 'closed' | 'overrun';

export interface ConnectionEvents {
  /** The other side accepted. Frames sent before are kept and go first. */
  open(): void;
  /** One whole frame, as it was sent; frames arrive in order, each once, or not at all before `close`. */
  frame(bytes: Uint8Array): void;
  /** `send` returned false earlier and there is room again. */
  drain(): void;
  /** Last call. What was sent and not yet delivered may be lost. */
  close(reason: CloseReason): void;
}

/** One ordered, reliable, bidirectional stream of frames between two processes. */
export interface Connection {
  readonly remote: string;
  /** Takes the frame; false asks to wait for `drain` before sending more of what can wait. */
  send(frame: Uint8Array): boolean;
  /** Must be called in the turn the connection was obtained; nothing is delivered before. */
  handle(events: ConnectionEvents): void;
  close(): void;
}

export interface Listener {
  /** Where others can dial, `host:port`, with the port really taken. */
  readonly address: string;
  close(): Promise<void>;
}

/** Streams between processes: gRPC in the system form, a faulty virtual network in the simulator. */
export interface Network {
  /** Port 0 takes a free one. @throws MusterError ADDRESS_IN_USE */
  listen(address: string, accept: (connection: Connection) => void): Promise<Listener>;
  /** Never throws: what goes wrong comes as `close`. */
  dial(address: string): Connection;
}
