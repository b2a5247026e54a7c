import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

export interface ConnectProxy {
  /** For HTTPS_PROXY. */
  readonly url: string;
  /** `host:port` of every CONNECT, in order, with those that were refused. */
  readonly requested: readonly string[];
  close(): Promise<void>;
}

export interface ConnectProxyOptions {
  /** `name:password`; a request without it is answered with 407. */
  readonly credentials?: string;
}

/**
 * Starts a proxy on loopback that connects some hosts to our own servers and refuses all others, so that nothing leaves
 * this computer.
 * @param ports by host name (port 443), the local port to connect to instead
 */
export async function startConnectProxy(
  ports: Readonly<Record<string, number>>,
  { credentials }: ConnectProxyOptions = {},
): Promise<ConnectProxy> {
  const expected = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
  const requested: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  };
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connection", keep);
  server.on("connect", (request, client: Socket, head) => {
    const target = request.url ?? "";
    requested.push(target);
    if (expected !== undefined && request.headers["proxy-authorization"] !== expected) {
      const challenge = 'Proxy-Authenticate: Basic realm="proxy"';
      client.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${challenge}\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const port = target.endsWith(":443") ? ports[target.slice(0, -4)] : undefined;
    if (port === undefined) {
      client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const upstream = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    keep(upstream);
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requested,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
