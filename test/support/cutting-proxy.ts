/** A TCP proxy with a fixed port before a server that comes and goes; it can lose answers, as networks do. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingProxy {
  /** `http://127.0.0.1:port`, the same for as long as the proxy lives. */
  readonly endpoint: string;
  /** Connections that were cut with an answer on its way. */
  readonly cutCount: number;
  /** Where new connections go; undefined refuses them. */
  target: string | undefined;
  close(): Promise<void>;
}

/** `loseAnswer` is asked for each piece of an answer; with true the client's connection is cut instead. */
export async function startCuttingProxy(loseAnswer: () => boolean): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let target: string | undefined;
  let cutCount = 0;
  const server = createServer((client) => {
    if (target === undefined) {
      client.destroy();
      return;
    }
    const url = new URL(target);
    const upstream = connect(Number(url.port), url.hostname);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => {
      if (loseAnswer()) {
        cutCount++;
        client.destroy();
      } else client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get cutCount() {
      return cutCount;
    },
    get target() {
      return target;
    },
    set target(next) {
      target = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
