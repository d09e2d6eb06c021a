import type { Socket } from 'node:net';
import type { ChannelCredentials } from '@grpc/grpc-js';

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * The sockets that one channel opened. gRPC closes a channel politely: towards a process that is stopped, or a host that
 * vanished, its HTTP/2 session waits for an answer that never comes, and each dial would leave a socket behind.
 * The credentials are the one place where gRPC shows them.
 */
export class ChannelSockets {
  readonly credentials: ChannelCredentials;
  private readonly sockets = new Set<Socket>();
  private destroyed = false;

  constructor(credentials: ChannelCredentials) {
    this.credentials = Object.create(credentials, {
      _createSecureConnector: {
        value: (...args: Parameters<ChannelCredentials['_createSecureConnector']>) =>
          this.watched(credentials._createSecureConnector(...args)),
      },
    });
  }

  /** Ends every socket, those too that the channel opens later. */
  destroy(): void {
    this.destroyed = true;
    for (const socket of this.sockets) socket.destroy();
  }

  private watched(connector: SecureConnector): SecureConnector {
    return {
      connect: (socket) => {
        this.sockets.add(socket);
        socket.once('close', () => this.sockets.delete(socket));
        if (this.destroyed) socket.destroy();
        return connector.connect(socket);
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }
}
