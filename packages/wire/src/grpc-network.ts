import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  logVerbosity,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  setLogVerbosity,
} from '@grpc/grpc-js';
import { type Clock, type Connection, causeOf, type Listener, MusterError, type Network } from '@muster/ports';
import { AcceptedConnection, DialedConnection, type ServerStream } from './grpc-connection.js';
import { ChannelSockets } from './grpc-sockets.js';
import { type GrpcOptions, grpcOptions } from './options.js';

const PATH = '/muster.v1.Link/Stream';

/** Frames are bytes already: nothing to encode. gRPC writes Buffers only. */
const serialize = (frame: Uint8Array): Buffer =>
  Buffer.isBuffer(frame) ? frame : Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
const deserialize = (frame: Buffer): Uint8Array => frame;

const SERVICE = {
  stream: {
    path: PATH,
    requestStream: true,
    responseStream: true,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  },
} satisfies ServiceDefinition;

/** PEM texts. Both sides show a certificate of `ca`; the dialed host or address must be one of the acceptor's subject names. */
export interface MutualTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface GrpcNetworkSetup {
  readonly clock: Clock;
  /** Without it, bytes travel in the clear: for one machine or an encrypted network. */
  readonly tls?: MutualTls | undefined;
  readonly options?: Partial<GrpcOptions> | undefined;
}

/** Streams between processes over gRPC: one bidirectional call per connection, one message per frame. */
export class GrpcNetwork implements Network {
  private readonly clock: Clock;
  private readonly options: GrpcOptions;
  private readonly tls: MutualTls | undefined;
  private readonly credentials: ChannelCredentials;

  /** @throws MusterError BAD_CONFIG */
  constructor({ clock, tls, options }: GrpcNetworkSetup) {
    this.clock = clock;
    this.options = grpcOptions(options);
    this.tls = tls;
    // Its own lines on stderr say again what comes to the caller as a code.
    setLogVerbosity(logVerbosity.NONE);
    this.credentials = tls
      ? credentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert))
      : credentials.createInsecure();
  }

  async listen(address: string, accept: (connection: Connection) => void): Promise<Listener> {
    const open = new Set<AcceptedConnection>();
    const server = new Server(this.channelOptions());
    server.addService(SERVICE, {
      stream: (call: ServerStream) => {
        const connection = new AcceptedConnection(call, call.getPeer(), this.clock, this.options);
        open.add(connection);
        connection.onEnd = () => open.delete(connection);
        accept(connection);
      },
    });
    const port = await this.bind(server, address);
    return {
      address: `${address.slice(0, address.lastIndexOf(':'))}:${port}`,
      close: () => this.shutdown(server, open),
    };
  }

  dial(address: string): Connection {
    const attempt = () => {
      const sockets = new ChannelSockets(this.credentials);
      const client = new Client(address, sockets.credentials, this.channelOptions());
      const close = (how: 'settled' | 'broken') => {
        client.close();
        if (how === 'broken') sockets.destroy();
      };
      return { stream: client.makeBidiStreamRequest(PATH, serialize, deserialize), close };
    };
    return new DialedConnection(attempt, address, this.clock, this.options);
  }

  private bind(server: Server, address: string): Promise<number> {
    return new Promise((resolve, reject) => {
      server.bindAsync(address, this.serverCredentials(), (error, port) => {
        if (!error) {
          resolve(port);
          return;
        }
        server.forceShutdown();
        reject(
          /EADDRINUSE/.test(error.message)
            ? new MusterError('ADDRESS_IN_USE', { address })
            : new MusterError('BAD_CONFIG', { details: `cannot listen on ${address}: ${causeOf(error)}` }),
        );
      });
    });
  }

  /** Nobody new from now on; the open connections end in order, then by force. */
  private shutdown(server: Server, open: ReadonlySet<AcceptedConnection>): Promise<void> {
    return new Promise((resolve) => {
      const force = this.clock.after(this.options.closeTimeoutMs, () => server.forceShutdown());
      server.tryShutdown(() => {
        force.cancel();
        resolve();
      });
      for (const connection of open) connection.close();
    });
  }

  private serverCredentials(): ServerCredentials {
    if (!this.tls) return ServerCredentials.createInsecure();
    const { ca, cert, key } = this.tls;
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
    return ServerCredentials.createSsl(Buffer.from(ca), [pair], true);
  }

  private channelOptions(): ChannelOptions {
    const { keepAliveMs, keepAliveTimeoutMs, frameBytesMax, windowBytes } = this.options;
    return {
      'grpc.keepalive_time_ms': keepAliveMs,
      'grpc.keepalive_timeout_ms': keepAliveTimeoutMs,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.max_receive_message_length': frameBytesMax,
      'grpc.max_send_message_length': frameBytesMax,
      'grpc-node.flow_control_window': windowBytes,
      // Each dial is a try of its own: no back-off shared with the last one, no retries, no look-up of a config in DNS.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.enable_channelz': 0,
      'grpc.enable_http_proxy': 0,
    };
  }
}
