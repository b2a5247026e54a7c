import { createServer, type Server } from "node:http";
import { connect } from "node:net";

/** A program that listens on a loopback port and answers every request alike. */
export function occupy(port: number, answer = "somebody else"): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((_request, response) => response.end(answer));
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** Closes such programs; their ports are free when it resolves. */
export async function release(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
}

/** Whether somebody listens on a loopback port. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

/** Whether a port is free again, waiting at most a second for it. */
export async function becomesFree(port: number): Promise<boolean> {
  const end = Date.now() + 1_000;
  while (await isTaken(port)) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
