import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback that can go deaf: connections stay open and nothing comes through any more. */
export class FaultProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #deaf = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(server);
    server.on('connection', (client) => {
      const upstream = connect(port, '127.0.0.1');
      proxy.#carry(client, upstream);
      proxy.#carry(upstream, client);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** From now on bytes are swallowed, in both directions, of old and new connections. */
  goDeaf(): void {
    this.#deaf = true;
  }

  /** Comes back; what was half open is cut, as a router that was rebooted would. */
  recover(): void {
    this.#deaf = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      if (!this.#deaf) to.write(bytes);
    });
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!this.#deaf) to.destroy();
    });
    // A reset is what this proxy is for.
    from.on('error', () => to.destroy());
  }
}
