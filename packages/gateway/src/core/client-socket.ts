import type { AccountView } from '@muster/play';
import type { PlayerId } from '@muster/ports';

/** A client's connection, as its session sees it: `ws` in the server, a simulated client in the simulator. Never throws. */
export interface ClientSocket {
  /** It speaks `v0.muster`: what goes beyond Tachyon may be sent. */
  readonly speaksMuster?: boolean;
  /** One text frame. @returns bytes that wait for the client now, this frame's included where it could not leave at once. */
  send(text: string): number;
  /** Asks for a sign of life; the answer comes as {@link SocketListener.alive}. */
  ping(): void;
  /** Starts the end: nothing is sent any more. The socket is gone soon after, whether the client plays along or not. */
  close(code: number, reason: string): void;
}

/** What a socket tells its session. */
export interface SocketListener {
  /** A text frame. `bytes`: its size as it came. */
  frame(text: string, bytes?: number): void;
  /** A binary frame: nobody here understands one. */
  binary(): void;
  /** A ping or pong came. */
  alive(): void;
  /** Last call: the socket is gone. */
  closed(): void;
}

/** Whom a verified token names. */
export type SignedIn = SignedPlayer | SignedAutohost;

export interface SignedPlayer {
  readonly role: 'player';
  readonly playerId: PlayerId;
  /** As it was read at sign-in. */
  readonly account?: AccountView;
}

export interface SignedAutohost {
  readonly role: 'autohost';
  readonly botId: string;
}
